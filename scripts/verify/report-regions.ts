/** Regions that a report names as missing: what an audit may need of a report where a region left no evidence yet. */
import { z } from 'zod';

const REPORT = z.object({ missing: z.array(z.object({ cell: z.string() })) });

export function missingIn(text: string): readonly string[] {
  try {
    const report = REPORT.safeParse(JSON.parse(text));
    return report.success ? report.data.missing.map(({ cell }) => cell) : [];
  } catch {
    // A SyntaxError: no report. Its comparison says so.
    return [];
  }
}
