/**
 * Writes the tables of docs/ that follow from the code, so that no page can name a threshold, limit or problem that the
 * network does not have. The text around the marks is written by hand and left alone.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceGenerated } from './docs/markdown.ts';
import { limitsTable, problemsTable, quantitiesTable, readingRefusalsTable } from './docs/protocol-tables.ts';
import { registryProblemsTable } from './docs/registry-table.ts';
import { durationsTable, ratesTable, ruleSetsTable, testsTable, thresholdsTable } from './docs/quality-tables.ts';
import { workedExample } from './docs/worked-example.ts';
import { ROOT } from './lib/files.ts';
import { Refusal } from './lib/say.ts';

/** Page -> mark -> its text. */
const PAGES: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  'docs/quality.md': {
    tests: testsTable,
    thresholds: thresholdsTable,
    durations: durationsTable,
    rates: ratesTable,
    'rule sets': ruleSetsTable,
  },
  'docs/protocol.md': {
    limits: limitsTable,
    quantities: quantitiesTable,
    'refused readings': readingRefusalsTable,
    problems: problemsTable,
    'registry problems': registryProblemsTable,
    'worked example': workedExample,
  },
};

export function generateDocs(): void {
  for (const page of Object.keys(PAGES)) writeFileSync(join(ROOT, page), wanted(page));
}

/** Names what `generateDocs` would change, without changing it. */
export function outdatedDocs(): readonly string[] {
  return Object.keys(PAGES).filter((page) => wanted(page) !== read(page));
}

function wanted(page: string): string {
  let text = read(page);
  for (const [name, tableOf] of Object.entries(PAGES[page] ?? {})) {
    const replaced = replaceGenerated(text, name, tableOf());
    if (replaced === null) throw new Refusal(`${page} has lost its mark "generated: ${name}"; put it back.`);
    text = replaced;
  }
  return text;
}

const read = (page: string): string => readFileSync(join(ROOT, page), 'utf8');
