/** The owner's half of a claim goes to the network, and the page waits until the device has signed the other half. */
import type { StatusAnswer } from '../../schema/api/public.ts';
import type { EventsAnswer } from '../../schema/api/registry.ts';
import { h } from '../dom/element.ts';
import { utcText } from '../format.ts';
import { stationLink } from '../route.ts';
import { claimTypedData } from './act.ts';
import { call, getStatus } from './api.ts';
import type { Site } from './form.ts';
import type { ClaimLink } from './link.ts';
import { keepsake, type Placed } from './keepsake.ts';
import { cellsOf, commitmentOf, exactPosition, newSalt } from './place.ts';
import { type Asked, type Provider, signTypedData, useChain } from './wallet.ts';

const LOOK_EVERY_MS = 3_000;

type DeviceEvent = EventsAnswer['events'][number];

type Half = {
  readonly link: ClaimLink;
  readonly owner: string;
  readonly wallet: Provider;
  readonly site: Site;
  readonly status: StatusAnswer;
};

/** What waits for the device and draws itself into the element given. */
export async function handOver({
  link,
  owner,
  wallet,
  site,
  status,
}: Half): Promise<Asked<(into: HTMLElement) => Promise<void>>> {
  const { chainId, contracts } = status.network;
  const onChain = await useChain(wallet, chainId);
  if (!onChain.ok) return onChain;
  // The network's time: a phone's clock may be minutes off, and a signature is good for ten.
  const now = await getStatus();
  if (!now.ok) return now;
  const position = exactPosition(site, newSalt());
  // Of the rounded place, which is the one that the network checks.
  const cells = cellsOf(position.latitudeE7 / 1e7, position.longitudeE7 / 1e7);
  const commitment = await commitmentOf(position);
  const act = {
    device: link.device,
    owner,
    region: cells.region,
    place: cells.place,
    position: commitment,
    name: site.name,
    type: site.type,
    tier: 0,
    issuedAt: Math.floor(Date.parse(now.value.time) / 1000),
    code: `0x${link.code}`,
  };
  const signed = await signTypedData(wallet, owner, claimTypedData(act, chainId, contracts.distributor));
  if (!signed.ok) return signed;
  const put = await call<unknown>(`/v1/registry/claims/${link.device}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ act, ownerSignature: signed.value, position }),
  });
  if (!put.ok) return put;
  return { ok: true, value: (into) => waitForDevice(into, { device: link.device, commitment, position }) };
}

async function waitForDevice(into: HTMLElement, placed: Placed): Promise<void> {
  into.hidden = false;
  into.replaceChildren(
    h('h2', { tabindex: '-1' }, 'Signed. Now the device'),
    h(
      'p',
      {},
      'The network holds your half for a day. The device agrees with its own key, where this runs or is started:',
    ),
    h('p', {}, h('code', { class: 'whole' }, 'npm run device -- claim --link')),
    h(
      'p',
      { class: 'muted' },
      'It shows your address and the cell before it signs. You may leave this page open or close it.',
    ),
    keepsake(placed),
  );
  into.querySelector('h2')?.focus();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    const claimed = await claimedBefore(placed.device);
    if (claimed !== null) return showClaimed(into, claimed, placed);
  }
}

/** The claim that stands in the device's public record; null: there is none, or it cannot be read now. */
export async function claimedBefore(device: string): Promise<DeviceEvent | null> {
  const answer = await call<EventsAnswer>(`/v1/registry/devices/${device}/events`);
  return answer.ok ? (answer.value.events.find(({ kind }) => kind === 'claim') ?? null) : null;
}

/** `placed` is known to the page that signed it, and to no other. */
export function showClaimed(into: HTMLElement, event: DeviceEvent, placed: Placed | null = null): void {
  into.hidden = false;
  const { act } = event;
  const text = (field: string): string => String(act[field] ?? '');
  into.replaceChildren(
    h('h2', { tabindex: '-1' }, 'The device is claimed'),
    h(
      'dl',
      { class: 'facts' },
      ...fact('Device', text('device')),
      ...fact('Name', text('name')),
      ...fact('Owner', text('owner')),
      ...fact('Public cell', `${text('place')}, region ${text('region')}`),
      ...fact('Since', utcText(event.received)),
    ),
    h(
      'p',
      {},
      'It knows the address that it posts to. Its first reading shows on the map an hour after it was measured.',
    ),
    h('p', {}, h('a', { href: `/${stationLink(text('device'))}` }, 'Its place on the map')),
    ...(placed !== null && placed.commitment === text('position') ? [keepsake(placed)] : []),
  );
  into.querySelector('h2')?.focus();
}

function fact(name: string, value: string): readonly HTMLElement[] {
  return [h('dt', {}, name), h('dd', {}, value)];
}
