/** A thread that runs schedules on the model, as many as it is asked for. */
import { parentPort } from 'node:worker_threads';
import { loadCron, runOnModel } from './rewards-model.ts';

export type ModelTask = { readonly from: number; readonly count: number };

const loading = loadCron();

parentPort?.on('message', (task: ModelTask) => {
  void loading.then(async (code) => parentPort?.postMessage(await runOnModel({ code, ...task })));
});
