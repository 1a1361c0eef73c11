/** The gateway's one configuration file, checked field by field: every mistake is named by its JSON pointer (RFC 6901). */
import { type QuantityCode, quantityByCode } from '../../core/reading/quantity.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { canMeasure } from './convert.ts';
import { FORMAT_NAMES, type FormatName, FORMATS } from './formats/all.ts';
import { Checker, type ConfigMistake, pointer } from './config-checker.ts';
import type { Claim, FieldChoice } from './report.ts';

export type DeviceConfig = {
  /** Names its files, too. */
  readonly name: string;
  readonly format: FormatName;
  /** What the device must show. */
  readonly claim: Claim;
  /** PKCS#8 PEM, relative to the configuration file. */
  readonly keyFile: string;
  readonly ingestUrl: string;
  readonly fields: FieldChoice;
  /** `arrival`: the device's own clock is not believed. */
  readonly clock: 'device' | 'arrival';
};

export type GatewayConfig = {
  readonly listen: { readonly host: string; readonly port: number };
  /** Folder for what waits to be sent, relative to the configuration file. */
  readonly state: string;
  /** Longest wait between two tries. */
  readonly retrySeconds: number;
  readonly devices: readonly DeviceConfig[];
};

const MAX_DEVICES = 1_000;
const NAME = /^[a-z0-9][a-z0-9_-]{0,39}$/i;

export function parseConfig(text: string): Result<GatewayConfig, readonly ConfigMistake[]> {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (error) {
    return err([{ pointer: '', expected: `JSON (${error instanceof Error ? error.message : String(error)})` }]);
  }
  const check = new Checker();
  const top = check.object(root, '', ['listen', 'network', 'state', 'retrySeconds', 'devices']);
  const listen = check.object(top['listen'], '/listen', ['host', 'port']);
  const network = top['network'] === undefined ? null : check.url(top['network'], '/network');
  const config: GatewayConfig = {
    listen: {
      host: check.text(listen['host'] ?? '127.0.0.1', '/listen/host', /^[\w.:-]+$/, 'an address, such as 0.0.0.0'),
      port: check.integer(listen['port'], '/listen/port', 0, 65_535),
    },
    state: check.text(top['state'] ?? 'gateway-state', '/state', /./, 'a folder'),
    retrySeconds: check.integer(top['retrySeconds'] ?? 60, '/retrySeconds', 1, 3_600),
    devices: check
      .list(top['devices'], '/devices', MAX_DEVICES)
      .map((device, at) => parseDevice(check, device, `/devices/${at}`, network)),
  };
  checkDistinct(check, config.devices, 'name', ({ name }) => name.toLowerCase());
  checkDistinct(check, config.devices, 'key', ({ keyFile }) => keyFile);
  checkDistinct(check, config.devices, '', ({ format, claim }) => `${format} ${claim.id}`);
  return check.mistakes.length === 0 ? ok(config) : err(check.mistakes);
}

const COMMON = ['name', 'format', 'key', 'ingest', 'fields', 'clock'];
const IDENTITY: Readonly<Record<FormatName, readonly string[]>> = {
  airrohr: ['sensor', 'user', 'password'],
  airgradient: ['serial'],
  ecowitt: ['passkey'],
  wunderground: ['station', 'password'],
};

function parseDevice(check: Checker, given: unknown, at: string, network: string | null): DeviceConfig {
  const any = check.object(given, at, null);
  const format = check.oneOf(any['format'], `${at}/format`, FORMAT_NAMES);
  const device = check.object(given, at, [...COMMON, ...IDENTITY[format]]);
  return {
    name: check.text(device['name'], `${at}/name`, NAME, 'a name of letters, digits, - and _, at most 40'),
    format,
    claim: parseClaim(check, device, at, format),
    keyFile: check.text(device['key'], `${at}/key`, /./, 'the file that npm run device -- init made'),
    ingestUrl: parseIngest(check, device['ingest'], `${at}/ingest`, network),
    fields: parseFields(check, device['fields'], `${at}/fields`, format),
    clock: check.oneOf(device['clock'] ?? 'device', `${at}/clock`, ['device', 'arrival']),
  };
}

function parseClaim(check: Checker, device: Readonly<Record<string, unknown>>, at: string, format: FormatName): Claim {
  const text = (name: string, shape: RegExp, expected: string): string =>
    check.text(device[name], `${at}/${name}`, shape, expected);
  switch (format) {
    case 'airrohr': {
      const id = text('sensor', /^esp(?:8266|32)-\w+$/i, 'what the device shows as its id, such as esp8266-1234567');
      if (device['user'] === undefined && device['password'] === undefined)
        return { id: id.toLowerCase(), secret: null };
      const user = text('user', /^[^:]+$/, 'the user name of the custom API, beside password');
      return { id: id.toLowerCase(), secret: `${user}:${text('password', /./, 'the password beside user')}` };
    }
    case 'airgradient':
      return {
        id: text('serial', /^[0-9a-z-]{4,40}$/i, 'the serial number, such as ecda3b1eaaaf').toLowerCase(),
        secret: null,
      };
    case 'ecowitt':
      return { id: text('passkey', /^[0-9a-f]{16,64}$/i, 'the PASSKEY, hex digits').toLowerCase(), secret: null };
    case 'wunderground':
      return {
        id: text('station', /^[\w-]{1,40}$/, 'the station ID that is typed into the device').toLowerCase(),
        secret: text('password', /^.{4,200}$/, 'the password that is typed into the device, at least 4 characters'),
      };
  }
}

const INGEST_PATH = /^\/v1\/regions\/[0-9a-f]{15}\/readings\/[0-9a-f]{16}$/;

/** The whole address, or its path where the network is given. */
function parseIngest(check: Checker, given: unknown, at: string, network: string | null): string {
  const expected = `the address given at registration, https://HOST/v1/regions/.../readings/...${network === null ? ', or its path where /network is given' : ' or its path'}`;
  const url = typeof given === 'string' ? URL.parse(given, network ?? undefined) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && INGEST_PATH.test(url.pathname) && url.search === '')
    return url.href;
  check.mistake(at, expected);
  return '';
}

function parseFields(check: Checker, given: unknown, at: string, format: FormatName): FieldChoice {
  const choice = new Map<string, QuantityCode | null>();
  if (given === undefined) return choice;
  for (const [name, wanted] of Object.entries(check.object(given, at, null))) {
    const field = FORMATS[format].fields.find((known) => known.name.toLowerCase() === name.toLowerCase());
    const quantity = typeof wanted === 'string' ? quantityByCode(wanted) : undefined;
    if (field === undefined) {
      check.mistake(pointer(at, name), `a field of ${format}: ${FORMATS[format].fields.map((f) => f.name).join(', ')}`);
    } else if (wanted !== null && quantity === undefined) {
      check.mistake(pointer(at, name), 'a quantity of docs/protocol.md, such as "temp", or null to leave it out');
    } else if (quantity && !canMeasure(field.unit, quantity)) {
      check.mistake(pointer(at, name), `a quantity that is measured in ${field.unit}, not ${quantity.code}`);
    } else choice.set(field.name, quantity?.code ?? null);
  }
  return choice;
}

function checkDistinct(
  check: Checker,
  devices: readonly DeviceConfig[],
  member: string,
  of: (device: DeviceConfig) => string,
): void {
  const first = new Map<string, number>();
  for (const [at, device] of devices.entries()) {
    const before = first.get(of(device));
    if (before === undefined) first.set(of(device), at);
    else if (of(device) !== '')
      check.mistake(
        `/devices/${at}${member === '' ? '' : `/${member}`}`,
        member === '' ? `another identity than /devices/${before}` : `another ${member} than /devices/${before}`,
      );
  }
}
