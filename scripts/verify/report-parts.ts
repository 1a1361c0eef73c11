/** What an audit reads of a report before it compares it: nothing of it is believed without its hash. */
import { z } from 'zod';

const REPORT = z.object({
  missing: z.array(z.object({ cell: z.string() })),
  usage: z.object({ hash: z.string() }),
});

function parse(text: string): z.infer<typeof REPORT> | null {
  try {
    const report = REPORT.safeParse(JSON.parse(text));
    return report.success ? report.data : null;
  } catch {
    // A SyntaxError: no report. Its comparison says so.
    return null;
  }
}

/** Regions that it names as missing: what an audit needs of it where a region left no evidence yet. */
export function missingIn(text: string): readonly string[] {
  return parse(text)?.missing.map(({ cell }) => cell) ?? [];
}

export function usageHashIn(text: string): string | null {
  return parse(text)?.usage.hash ?? null;
}
