/** Where the development sets and their scorer are, for the commands that judge the detectors. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../lib/files.ts';
import { Refusal } from '../lib/say.ts';

export const SOURCES_HELP = `--data FOLDER  the development sets (default: ../shared/data/qc)
  --scorer FILE  qc-score.py (default: ../shared/tools/qc-score.py)`;

type Flags = Readonly<Record<string, string | undefined>>;

/** Both exist. */
export function qcSources(flags: Flags): { readonly data: string; readonly scorer: string } {
  const data = flags['data'] ?? join(ROOT, '../shared/data/qc');
  const scorer = flags['scorer'] ?? join(ROOT, '../shared/tools/qc-score.py');
  if (!existsSync(data)) throw new Refusal(`there is no ${data}; give the folder of the development sets with --data.`);
  if (!existsSync(scorer)) throw new Refusal(`there is no ${scorer}; give qc-score.py with --scorer.`);
  return { data, scorer };
}
