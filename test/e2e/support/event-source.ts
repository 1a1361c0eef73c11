/** Node's own EventSource, in a process of its own because it stands behind a flag. One line of JSON an event. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export type HeardEvent = { readonly type: string; readonly id: string; readonly data: unknown };

const SCRIPT = `
  const [url, ...types] = process.argv.slice(1);
  // Its own wait before it connects again keeps no process alive.
  setInterval(() => {}, 60_000);
  const source = new EventSource(url);
  const say = (type, event) => console.log(JSON.stringify({ type, id: event.lastEventId ?? '', data: JSON.parse(event.data ?? 'null') }));
  source.addEventListener('open', (event) => say('open', event));
  source.addEventListener('error', (event) => console.log(JSON.stringify({ type: source.readyState === 2 ? 'closed' : 'error', id: '', data: null })));
  for (const type of types) source.addEventListener(type, (event) => say(type, event));
`;

export function openEventSource(url: string, types: readonly string[]) {
  const child = spawn(process.execPath, ['--experimental-eventsource', '--no-warnings', '-e', SCRIPT, url, ...types], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const heard: HeardEvent[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => heard.push(JSON.parse(line) as HeardEvent));
  return {
    /** Everything so far; the array grows. */
    heard,
    async close() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}
