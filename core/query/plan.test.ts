import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DeviceId } from '../ids.ts';
import { planPage, totalUnits, type Ask, type Page, type PagePosition } from './plan.ts';

type Device = { readonly device: DeviceId; readonly opening: number; readonly perHour: number };

const askOf = (sizes: readonly (readonly [number, number])[], hours: number, bucketHours: number): Ask<Device> => ({
  devices: sizes.map(([opening, perHour], at) => ({
    device: `d${String(at).padStart(3, '0')}` as DeviceId,
    opening,
    perHour,
  })),
  fromHour: 240,
  untilHour: 240 + hours,
  bucketHours,
  cost: ({ opening, perHour }) => ({ opening, ofHours: (many) => perHour * many }),
});

const asks = fc
  .tuple(
    fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 6 })), { minLength: 1, maxLength: 8 }),
    fc.integer({ min: 1, max: 120 }),
    fc.constantFrom(1, 24),
  )
  .map(([sizes, hours, bucketHours]) => askOf(sizes, hours, bucketHours));

function allPages(ask: Ask<Device>, limit: number): Page<Device>[] {
  const pages: Page<Device>[] = [];
  let position: PagePosition | null = null;
  do {
    const page: ReturnType<typeof planPage<Device>> = planPage(ask, limit, position);
    if (!page.ok) throw new Error(`least ${page.error.least}`);
    pages.push(page.value);
    position = page.value.next;
  } while (position !== null);
  return pages;
}

const leastOf = (ask: Ask<Device>) => {
  const page = planPage(ask, 0, null);
  return page.ok ? 0 : page.error.least;
};

test('a sequence of pages covers every hour of every device once, in order, and costs what the whole does', () => {
  fc.assert(
    fc.property(asks, fc.nat(200), (ask, more) => {
      const limit = leastOf(ask) + more;
      const pages = allPages(ask, limit);
      const hours = pages.flatMap(({ slices }) =>
        slices.flatMap(({ device, fromHour, untilHour }) =>
          Array.from({ length: untilHour - fromHour }, (_, at) => `${device.device} ${fromHour + at}`),
        ),
      );
      expect(hours).toEqual(
        ask.devices.flatMap(({ device }) =>
          Array.from({ length: ask.untilHour - ask.fromHour }, (_, at) => `${device} ${ask.fromHour + at}`),
        ),
      );
      expect(pages.reduce((sum, { units }) => sum + units, 0)).toBe(totalUnits(ask));
      for (const { units, slices } of pages) {
        expect(units).toBeLessThanOrEqual(limit);
        expect(slices.length).toBeGreaterThan(0);
      }
    }),
  );
});

test('without a limit everything is one page', () => {
  const ask = askOf([[0, 1]], 48, 1);
  expect(planPage(ask, null, null)).toMatchObject({ ok: true, value: { units: 48, next: null } });
});

test('pages of days are cut at days', () => {
  const ask = askOf([[0, 2]], 60, 24);
  expect(allPages(ask, 100).map(({ units, next }) => [units, next?.hour ?? null])).toEqual([
    [96, 288],
    [24, null],
  ]);
});

test('a limit below the smallest piece is refused with that size, on the first page already', () => {
  const ask = askOf(
    [
      [0, 1],
      [11, 6],
    ],
    48,
    24,
  );
  expect(planPage(ask, 154, null)).toEqual({ ok: false, error: { reason: 'limit-too-small', least: 155 } });
});

test('a device that has gone since, or come since before the position, moves nothing else', () => {
  const ask = askOf(
    [
      [0, 1],
      [0, 1],
      [0, 1],
    ],
    10,
    1,
  );
  const position = { device: 'd001', hour: 244 };
  const without = { ...ask, devices: ask.devices.filter(({ device }) => device !== 'd001') };
  expect(planPage(without, 100, position)).toMatchObject({
    value: { slices: [{ device: { device: 'd002' }, fromHour: 240, untilHour: 250 }] },
  });
});
