/** `node test/support/fold-file.ts FILE`: prints the hash of an encoded log's fold, for engines other than this one. */
import { readFileSync } from 'node:fs';
import { foldEncodedLog } from './encoded-log.ts';

console.log(foldEncodedLog(readFileSync(process.argv[2] ?? '', 'utf8')));
