/**
 * The door of a device on its LAN. Asked `GET /.well-known/porchlight-device?nonce=…`, it answers with JSON:
 * `{"statement":"…","key":"<base64>","signature":"<base64>"}`. `statement` is a text of JSON with `device`, `nonce`,
 * `door` (the origin that was asked) and `services` (name → origin, or `tcp://host:port`); `key` is the blob of the device's SSH key
 * (RFC 8709 §4); `signature` is Ed25519 over {@link LAN_PROOF_CONTEXT} and the statement's bytes.
 */
export const LAN_PROOF_PATH = '/.well-known/porchlight-device';
/** Before what is signed: the key signs other things too, and none must pass for another. */
export const LAN_PROOF_CONTEXT = 'porchlight lan proof 1\n';
/** Longest answer, in bytes: 64 services with long addresses fit. */
export const LAN_PROOF_MAX = 16 * 1024;
/** What a nonce may be. */
const NONCE = /^[A-Za-z0-9_-]{16,64}$/;
const URL_MAX = 100;
const BASE64 = /^[A-Za-z0-9+/]{1,200}={0,2}$/;

export interface LanProof {
  readonly statement: string;
  readonly key: string;
  readonly signature: string;
  readonly claims: {
    /** Its name, for people: the key is who it is. */
    readonly device: string;
    readonly nonce: string;
    /** Origin of the door as it was asked. */
    readonly door: string;
    /** Addresses of services by name. */
    readonly services: ReadonlyMap<string, string>;
  };
}

export function isLanNonce(text: string): boolean {
  return NONCE.test(text);
}

/** An http or https origin, short: `http://192.168.1.20:8080`. */
export function isLanOrigin(text: string): boolean {
  if (text.length > URL_MAX || !URL.canParse(text)) return false;
  const { origin, protocol } = new URL(text);
  return origin === text && (protocol === 'http:' || protocol === 'https:');
}

/** Where a TCP service is on the LAN: `tcp://192.168.1.20:22`. Undefined: it is no such address. */
export function parseTcpAddress(text: string): { host: string; port: number } | undefined {
  if (text.length > URL_MAX || !text.startsWith('tcp://') || !URL.canParse(text)) return undefined;
  const { hostname, port, host } = new URL(text);
  if (port === '' || `tcp://${host}` !== text) return undefined;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** Where a service may be on the LAN: an origin, or the address of a TCP port. */
export function isLanAddress(text: string): boolean {
  return isLanOrigin(text) || parseTcpAddress(text) !== undefined;
}

/**
 * True for an address that can only be on the asker's own network: private and unique local addresses (RFC 1918,
 * RFC 4193) and names of multicast DNS (RFC 6762). Loopback would be the asker itself.
 */
export function isLanHost(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (/^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*\.local$/.test(name)) return true;
  if (/^f[cd][0-9a-f]{2}:[0-9a-f:]*$/.test(name)) return true;
  const parts = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(name);
  const [first, second] = [Number(parts?.[1]), Number(parts?.[2])];
  return first === 10 || (first === 172 && second >= 16 && second <= 31) || (first === 192 && second === 168);
}

/** Reads the answer of a door; nothing of it is proven by that. Undefined: it is none. */
export function parseLanProof(text: string): LanProof | undefined {
  const outer = parseObject(text);
  const [statement, key, signature] = [outer?.get('statement'), outer?.get('key'), outer?.get('signature')];
  if (typeof statement !== 'string' || !isBase64(key) || !isBase64(signature)) return undefined;
  const inner = parseObject(statement);
  const [device, nonce, door] = [inner?.get('device'), inner?.get('nonce'), inner?.get('door')];
  const listed = inner?.get('services');
  if (typeof device !== 'string' || typeof nonce !== 'string' || typeof door !== 'string') return undefined;
  if (typeof listed !== 'object' || listed === null) return undefined;
  const services = new Map<string, string>();
  for (const [name, url] of Object.entries(listed)) {
    if (typeof url !== 'string' || !isLanAddress(url)) return undefined;
    services.set(name, url);
  }
  return { statement, key, signature, claims: { device, nonce, door, services } };
}

function parseObject(text: string): Map<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}

function isBase64(value: unknown): value is string {
  return typeof value === 'string' && BASE64.test(value) && value.length % 4 === 0;
}
