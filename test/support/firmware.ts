/** Builds the C client with the system's compiler, outside the source tree. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FIRMWARE = join(import.meta.dirname, '../../sensors/firmware');
const hasHeader = (header: string): boolean => compiles(`#include <${header}>\n`);

/** What a test's name says is missing; empty: the host's client can be built. */
export const FIRMWARE_NEEDS: readonly string[] = [
  ...(compiles('') ? [] : ['cc, make']),
  ...(hasHeader('sodium.h') ? [] : ['libsodium-dev']),
  ...(hasHeader('bearssl.h') ? [] : ['libbearssl-dev']),
];
/** mbedTLS, whose PSA interface is what ESP-IDF has. */
export const HAS_PSA = hasHeader('psa/crypto.h');

type Target = 'test' | 'esp32' | 'probe' | 'fuzz' | 'libisobar.a' | 'isobar-send-sanitized';

/** Makes the targets in a new folder and returns it; a warning is an error. */
export function makeFirmware(...targets: readonly Target[]): string {
  const build = mkdtempSync(join(tmpdir(), 'isobar-firmware-'));
  const goals = targets.map((target) => (target === 'test' || target === 'esp32' ? target : join(build, target)));
  const variables = [`BUILD=${build}`, ...(HAS_PSA ? ['PSA=1'] : [])];
  execFileSync('make', ['-s', '-j2', '-C', FIRMWARE, ...variables, ...goals], { stdio: 'pipe' });
  return build;
}

function compiles(source: string): boolean {
  try {
    execFileSync('make', ['--version'], { stdio: 'ignore' });
    execFileSync('cc', ['-std=c99', '-fsyntax-only', '-xc', '-'], {
      input: `${source}int main(void){return 0;}`,
      stdio: 'pipe',
    });
    return true;
  } catch {
    return false;
  }
}
