/** A bought stream: what it may tell and until when, carried by the buyer under our seal; nothing of it is stored. */
import type { DeviceId, RegionCell } from '../ids.ts';
import { quantityByCode, quantityByIndex } from '../reading/quantity.ts';
import type { StreamPosition } from './position.ts';

export type StreamPass = {
  /** 32 hex digits. */
  readonly id: string;
  /** Null: whole regions, as they are while it lasts. */
  readonly devices: readonly DeviceId[] | null;
  readonly quantities: readonly string[];
  /** Newest entry of each region when it was sold: the stream begins after it. */
  readonly begin: StreamPosition;
  readonly untilMs: number;
};

type Wire = {
  readonly i: string;
  readonly d: readonly DeviceId[] | null;
  readonly q: readonly number[];
  readonly b: readonly (readonly [RegionCell, number])[];
  readonly u: number;
};

/** Short, because it stands in an address: EventSource can send no header. */
export function passText({ id, devices, quantities, begin, untilMs }: StreamPass): string {
  const indexes = quantities.flatMap((code) => quantityByCode(code)?.index ?? []);
  const wire: Wire = { i: id, d: devices, q: indexes, b: [...begin], u: untilMs };
  return btoa(JSON.stringify(wire)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Only of what the seal holds for. */
export function passOf(text: string): StreamPass {
  const wire = JSON.parse(atob(text.replaceAll('-', '+').replaceAll('_', '/'))) as Wire;
  return {
    id: wire.i,
    devices: wire.d,
    quantities: wire.q.flatMap((index) => quantityByIndex(index)?.code ?? []),
    begin: new Map(wire.b),
    untilMs: wire.u,
  };
}
