/**
 * `/docs/api/`: Swagger UI as published, beside a page of ours. The content policy allows pictures from this host only, so those
 * that the library's style sheet carries within itself become files.
 */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const OWN = ['index.html', 'reference.js', 'reference.css'];
const THEIRS = ['swagger-ui-bundle.js', 'LICENSE', 'NOTICE'];
const PICTURE = /url\((?:"(data:image(?:[^"\\]|\\.)+)"|'(data:image(?:[^'\\]|\\.)+)'|(data:image[^)"']+))\)/g;
const ENDINGS: Readonly<Record<string, string>> = { 'image/png': 'png', 'image/jpeg': 'jpg', 'image/svg+xml': 'svg' };

export async function writeReferencePage(source: string, out: string): Promise<void> {
  await mkdir(out, { recursive: true });
  const library = dirname(require.resolve('swagger-ui-dist/package.json'));
  for (const name of OWN) await copyFile(join(source, name), join(out, name));
  for (const name of THEIRS) await copyFile(join(library, name), join(out, name));
  const { css, pictures } = withoutDataPictures(await readFile(join(library, 'swagger-ui.css'), 'utf8'));
  // The map of the style sheet is not copied.
  await writeFile(join(out, 'swagger-ui.css'), css.replace(/\/\*# sourceMappingURL=.*?\*\//, ''));
  for (const [name, bytes] of pictures) await writeFile(join(out, name), bytes);
}

function withoutDataPictures(css: string): { readonly css: string; readonly pictures: ReadonlyMap<string, Buffer> } {
  const pictures = new Map<string, Buffer>();
  const replaced = css.replaceAll(PICTURE, (_, ...groups: (string | undefined)[]) => {
    const quoted = groups.slice(0, 3).find((group) => group !== undefined) ?? '';
    const address = quoted.replaceAll(/\\(.)/g, '$1');
    const [, type = '', coding = '', data = ''] = /^data:([^;,]+)([^,]*),(.*)$/s.exec(address) ?? [];
    const bytes = coding.includes('base64') ? Buffer.from(data, 'base64') : Buffer.from(decodeURIComponent(data));
    const name = `${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}.${ENDINGS[type] ?? 'bin'}`;
    pictures.set(name, bytes);
    return `url(${name})`;
  });
  if (replaced.includes('data:image')) throw new Error('swagger-ui.css has a picture in a form that is not known here');
  return { css: replaced, pictures };
}
