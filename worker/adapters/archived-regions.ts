/** Regions that have sealed evidence in R2. With D1 emptied, the archive still knows what there is to refold. */
import { parseRegionCell, type RegionCell } from '../../core/ids.ts';

/** Keys are `evidence/{cell}/...` (core/region/segment.ts). */
const EVIDENCE_PREFIX = 'evidence/';

export async function listArchivedRegions(archive: R2Bucket): Promise<readonly RegionCell[]> {
  const cells: RegionCell[] = [];
  let cursor: string | undefined;
  do {
    const page: R2Objects = await archive.list({
      prefix: EVIDENCE_PREFIX,
      delimiter: '/',
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const prefix of page.delimitedPrefixes) {
      const cell = parseRegionCell(prefix.slice(EVIDENCE_PREFIX.length, -1));
      if (cell.ok) cells.push(cell.value);
    }
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
  return cells;
}
