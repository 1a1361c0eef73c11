/** A thread that runs schedules on the model, as many as it is asked for. */
import { parentPort } from 'node:worker_threads';
import { loadCron, runOnModel } from './rewards-model.ts';

export type ModelTask = { readonly from: number; readonly count: number };

const loading = loadCron();

parentPort?.on('message', (task: ModelTask) => {
  void loading
    .then((code) => runOnModel({ code, ...task }))
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    .then((tally) => parentPort?.postMessage(tally));
});
