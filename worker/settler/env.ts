/** What the settler Worker is given. Its objects check it where they use it (durable-objects/settler/config.ts). */
import type { AccountBindings } from '../../durable-objects/account/account.ts';
import type { SettlerBindings } from '../../durable-objects/settler/api.ts';

export type SettlerWorkerBindings = SettlerBindings & AccountBindings;
