/**
 * Hears of closed hours as they close. The page lives by its polls; this only makes them come at the right moment, so a
 * stream that drops, or that a proxy does not let through, is tried again ever more seldom and never told to the reader.
 */
import type { LiveMessage } from '../../schema/api/live.ts';
import { waitAfter } from './poll.ts';

export type Stream = {
  /** Follows this region from now on; null: none. */
  readonly follow: (cell: string | null) => void;
};

const FIRST_WAIT_MS = 5_000;
/** A proxy closes what is silent for a minute. */
const PING_MS = 45_000;

export function openStream(heard: (message: LiveMessage) => void): Stream {
  let followed: string | null = null;
  let socket: WebSocket | null = null;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function connect(): void {
    clearTimeout(timer);
    if (followed === null || document.hidden) return;
    const mine = new WebSocket(`/v1/regions/${encodeURIComponent(followed)}/live`);
    socket = mine;
    mine.addEventListener('message', ({ data }) => {
      if (data === 'pong') return;
      failures = 0;
      // Our own server; its messages are tested against this type.
      heard(JSON.parse(String(data)) as LiveMessage);
    });
    // `error` is always followed by `close`.
    mine.addEventListener('close', () => {
      if (socket !== mine) return;
      socket = null;
      failures += 1;
      timer = setTimeout(connect, waitAfter(failures, FIRST_WAIT_MS, Math.random()));
    });
  }

  function drop(): void {
    const mine = socket;
    socket = null;
    clearTimeout(timer);
    mine?.close();
  }

  document.addEventListener('visibilitychange', () => {
    drop();
    connect();
  });
  setInterval(() => {
    if (socket?.readyState === WebSocket.OPEN) socket.send('ping');
  }, PING_MS);

  return {
    follow: (cell) => {
      if (cell === followed) return;
      followed = cell;
      failures = 0;
      drop();
      connect();
    },
  };
}
