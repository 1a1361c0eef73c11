/**
 * `npm run generate`: writes the files that follow from others. `-- --check` writes nothing and exits 1 where one is out
 * of date; `-- --squash` starts the migrations anew, which is right only before a schema was ever deployed.
 */
import { parseArgs } from 'node:util';
import { generateContracts, outdatedContracts } from './build-contracts.ts';
import { generateDocs, outdatedDocs } from './generate-docs.ts';
import { generateMigrations, outdatedMigrations } from './generate-migrations.ts';
import { generateVectors, outdatedVectors } from './generate-vectors.ts';
import { done, Refusal, runCommand } from './lib/say.ts';

await runCommand(async () => {
  const { values } = parseArgs({
    options: { check: { type: 'boolean', default: false }, squash: { type: 'boolean', default: false } },
  });
  if (values.check) {
    const outdated = [...outdatedMigrations(), ...outdatedDocs(), ...outdatedVectors(), ...(await outdatedContracts())];
    if (outdated.length > 0) throw new Refusal(`out of date: ${outdated.join(', ')}; run \`npm run generate\`.`);
    return;
  }
  generateMigrations({ squash: values.squash });
  done('migrations up to date');
  generateDocs();
  done('tables of docs/ up to date');
  generateVectors();
  done('sensors/vectors up to date');
  await generateContracts();
  done('contracts/abi up to date');
});
