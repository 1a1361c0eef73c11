/** Every decoder at a border. test/README.md says what is not among them. */
import type { Target } from '../target.ts';
import { ACT_TARGETS } from './acts.ts';
import { DEVICE_TARGETS } from './devices.ts';
import { EDGE_TARGETS } from './edge.ts';
import { FORK_TARGETS } from './forks.ts';
import { MEMORY_TARGETS } from './memory.ts';
import { QUERY_TARGETS } from './query.ts';
import { REGION_TARGETS } from './region.ts';
import { SENML_TARGETS } from './senml.ts';
import { SIGNATURE_TARGETS } from './signature.ts';

export const TARGETS: readonly Target[] = [
  ...SENML_TARGETS,
  ...SIGNATURE_TARGETS,
  ...REGION_TARGETS,
  ...QUERY_TARGETS,
  ...EDGE_TARGETS,
  ...DEVICE_TARGETS,
  ...ACT_TARGETS,
  ...FORK_TARGETS,
  ...MEMORY_TARGETS,
];
