/** The page that an owner opens from a device's link: place, name, signature, and then waiting for the device. */
import type { RegionItem, StatusAnswer } from '../../schema/api/public.ts';
import { byId, h } from '../dom/element.ts';
import { getRegions, getStatus } from './api.ts';
import { FIELDS, type Field, parseNumber, readForm, type Site } from './form.ts';
import { handOver, showClaimed, claimedBefore } from './hand-over.ts';
import { type ClaimLink, parseClaimLink } from './link.ts';
import { createPlaceMap } from './map.ts';
import { cellsOf } from './place.ts';
import { connect, findWallet, listenForWallets, NO_WALLET, type Provider } from './wallet.ts';

const BROKEN_LINK =
  'This link is not whole: it names no device. Open it from the QR code that the device shows, or copy the line that ' +
  'npm run device -- init printed.';
const NO_SECURE_CONTEXT = 'This page cannot sign here: open it through https.';

const form = byId('claim');
const input = (field: Field): HTMLInputElement => {
  const element = byId(field);
  if (!(element instanceof HTMLInputElement)) throw new Error(`#${field} is no input`);
  return element;
};

async function start(link: ClaimLink): Promise<void> {
  const [status, regions, before] = await Promise.all([getStatus(), getRegions(), claimedBefore(link.device)]);
  if (!status.ok) return say(status.sentence);
  if (before !== null) return showClaimed(byId('outcome'), before);
  byId('device').textContent = link.device;
  input('name').value = `Station ${link.device.slice(-6)}`;
  form.hidden = false;
  fillIn(link, status.value, regions.ok ? regions.value.regions : []);
}

function fillIn(link: ClaimLink, status: StatusAnswer, regions: readonly RegionItem[]): void {
  let owner: string | null = null;
  let wallet: Provider | null = null;

  const map = createPlaceMap(byId('map'), ({ latitude, longitude }) => setPlace(latitude, longitude, false));
  map.regions(regions);

  function setPlace(latitude: number, longitude: number, isFar: boolean): void {
    // A finger on a phone chooses no better than a meter.
    input('lat').value = latitude.toFixed(5);
    input('lon').value = longitude.toFixed(5);
    clearError('lat');
    clearError('lon');
    drawPlace(isFar);
  }

  function drawPlace(isFar: boolean): void {
    const [latitude, longitude] = [parseNumber(input('lat').value), parseNumber(input('lon').value)];
    const isPlace = latitude !== null && longitude !== null && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
    if (!isPlace) {
      map.show(null, false);
      byId('cell').replaceChildren();
      return;
    }
    const cells = cellsOf(latitude, longitude);
    map.show({ latitude, longitude, outline: cells.outline }, isFar);
    const region = regions.find(({ cell }) => cell === cells.region);
    byId('cell').replaceChildren(
      'Public: cell ',
      h('code', {}, cells.place),
      region === undefined ? ` in region ${cells.region}, which is not open yet.` : ` in the region ${region.name}.`,
    );
  }

  byId('connect').addEventListener('click', () => void connectWallet());
  async function connectWallet(): Promise<boolean> {
    wallet = findWallet();
    const connected =
      wallet === null ? ({ ok: false, sentence: NO_WALLET } as const) : await connect(wallet, owner !== null);
    owner = connected.ok ? connected.value : null;
    byId('owner').textContent = owner ?? '';
    byId('connect').textContent = owner === null ? 'Connect a wallet' : 'Use another account';
    setError('owner', connected.ok ? null : connected.sentence);
    return connected.ok;
  }

  byId('locate').addEventListener('click', () => {
    if (!('geolocation' in navigator)) return setError('lat', 'This browser does not tell where it is.');
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => setPlace(coords.latitude, coords.longitude, true),
      ({ message }) => setError('lat', `The browser did not tell where it is: ${message || 'no reason given'}.`),
      { enableHighAccuracy: true, timeout: 20_000 },
    );
  });
  for (const field of FIELDS) {
    input(field).addEventListener('input', () => clearError(field));
    if (field === 'lat' || field === 'lon') input(field).addEventListener('change', () => drawPlace(true));
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });

  async function submit(): Promise<void> {
    say(null);
    const site = checked();
    if ((owner === null || wallet === null) && !(await connectWallet())) return byId('connect').focus();
    if (site === null || owner === null || wallet === null) return;
    const button = byId('sign');
    button.toggleAttribute('disabled', true);
    button.textContent = 'Look at your wallet…';
    const sent = await handOver({ link, owner, wallet, site, status });
    button.toggleAttribute('disabled', false);
    button.textContent = 'Sign and hand to the device';
    if (!sent.ok) return say(sent.sentence);
    form.hidden = true;
    await sent.value(byId('outcome'));
  }
}

/** The site, or the first wrong field in focus. */
function checked(): Site | null {
  const typed = Object.fromEntries(FIELDS.map((field) => [field, input(field).value])) as Record<Field, string>;
  const { site, errors } = readForm(typed);
  for (const field of FIELDS) setError(field, errors[field] ?? null);
  const wrong = FIELDS.find((field) => errors[field] !== undefined);
  if (wrong !== undefined) input(wrong).focus();
  return site;
}

function setError(of: Field | 'owner', sentence: string | null): void {
  const line = byId(`${of}-error`);
  line.textContent = sentence ?? '';
  line.hidden = sentence === null;
  if (of !== 'owner') input(of).setAttribute('aria-invalid', String(sentence !== null));
}

const clearError = (field: Field): void => setError(field, null);

/** What is wrong with the page as a whole; null takes it away. */
function say(sentence: string | null): void {
  const notice = sentence === null ? [] : [h('div', { class: 'notice notice-fail' }, h('p', {}, sentence))];
  byId('trouble').replaceChildren(...notice);
  byId('trouble').scrollIntoView({ block: 'nearest' });
}

listenForWallets();
const link = parseClaimLink(location.hash);
// Another link in the same tab changes only the fragment, which loads nothing.
globalThis.addEventListener('hashchange', () => location.reload());
// For the same reason an anchor of the page itself must leave the fragment as it is.
document.querySelector('.skip')?.addEventListener('click', (event) => {
  event.preventDefault();
  byId('main').focus();
});
if (!globalThis.isSecureContext) say(NO_SECURE_CONTEXT);
else if (link === null) say(BROKEN_LINK);
else void start(link);
