/** The Hue v1 API below `/api`. Errors are HTTP 200 with a list of `{"error":{type,address,description}}`. */
import type { Bridge, Outcome } from './bridge.ts';

export interface ApiRequest {
  method: string;
  /** Path without `/api`, split at slashes: `['<user>', 'lights', '1']`. */
  path: readonly string[];
  /** The body as text, empty when there was none. */
  body: string;
}

const NAME_MAX = 32;

function error(type: number, address: string, description: string): Outcome[] {
  return [{ error: { type, address, description } }];
}

/** The body as an object; undefined when it is none. */
function objectOf(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Answers one request to the bridge's API. */
export function answerApi(bridge: Bridge, { method, path, body }: ApiRequest): unknown {
  const [userId = '', ...rest] = path;
  const address = `/${rest.join('/')}`;
  if (userId === '') return method === 'POST' ? register(bridge, body) : notAvailable(method, '/');
  const user = bridge.users.get(userId);
  if (user === undefined) {
    const open = method === 'GET' && (userId === 'config' || rest.join('/') === 'config');
    return open ? shortConfig() : error(1, address, 'unauthorized user');
  }
  user.used = bridge.time();
  if (method === 'GET') return read(bridge, rest) ?? missing(address);
  if (method === 'DELETE') return forget(bridge, rest) ?? notAvailable(method, address);
  if (method !== 'PUT') return notAvailable(method, address);
  const change = objectOf(body);
  if (change === undefined) return error(2, address, 'body contains invalid json');
  return write(bridge, rest, address, change) ?? missing(address);
}

function missing(address: string): Outcome[] {
  return error(3, address, `resource, ${address}, not available`);
}

function notAvailable(method: string, address: string): Outcome[] {
  return error(4, address, `method, ${method}, not available for resource, ${address}`);
}

function register(bridge: Bridge, body: string): Outcome[] {
  const asked = objectOf(body);
  if (asked === undefined) return error(2, '/', 'body contains invalid json');
  const { devicetype } = asked;
  if (devicetype === undefined) return error(5, '/', 'invalid/missing parameters in body');
  if (typeof devicetype !== 'string' || devicetype === '' || devicetype.length > 40) {
    return error(7, '/devicetype', 'invalid value for parameter, devicetype');
  }
  if (!bridge.buttonPressed) return error(101, '', 'link button not pressed');
  return [{ success: { username: bridge.addUser(devicetype) } }];
}

function read(bridge: Bridge, [kind, id, ...more]: readonly string[]): unknown {
  if (more.length > 0) return undefined;
  const groups = (): unknown =>
    Object.fromEntries([...bridge.groups.keys()].map((each) => [each, bridge.group(each)]));
  switch (kind) {
    case undefined:
      return {
        lights: Object.fromEntries(bridge.lights),
        groups: groups(),
        config: config(bridge),
        ...nothingElse(),
      };
    case 'lights':
      return id === undefined ? Object.fromEntries(bridge.lights) : bridge.lights.get(id);
    case 'groups':
      return id === undefined ? groups() : bridge.group(id);
    case 'config':
      return id === undefined ? config(bridge) : undefined;
    default:
      return id === undefined ? new Map(Object.entries(nothingElse())).get(kind) : undefined;
  }
}

/** What a bridge can have and this one has not. */
function nothingElse(): Record<string, object> {
  return { scenes: {}, schedules: {}, sensors: {}, rules: {}, resourcelinks: {} };
}

function write(
  bridge: Bridge,
  [kind, id = '', part, ...more]: readonly string[],
  address: string,
  change: Record<string, unknown>,
): Outcome[] | undefined {
  if (more.length > 0) return undefined;
  if (kind === 'config' && id === '') return configure(bridge, change);
  if (kind === 'lights') {
    const light = bridge.lights.get(id);
    if (light === undefined) return undefined;
    if (part === 'state') return bridge.setState([light], address, change);
    return part === undefined ? rename(bridge, light, address, change) : undefined;
  }
  if (kind !== 'groups') return undefined;
  const lights = bridge.lightsOf(id);
  if (lights !== undefined && part === 'action') return bridge.setState(lights, address, change);
  const group = bridge.groups.get(id);
  return group !== undefined && part === undefined ? rename(bridge, group, address, change) : undefined;
}

function rename(
  bridge: Bridge,
  named: { name: string },
  address: string,
  { name, ...others }: Record<string, unknown>,
): Outcome[] {
  const other = Object.keys(others)[0];
  if (other !== undefined) return error(6, `${address}/${other}`, `parameter, ${other}, not available`);
  if (typeof name !== 'string' || name === '' || name.length > NAME_MAX) {
    return error(7, `${address}/name`, 'invalid value for parameter, name');
  }
  named.name = name;
  bridge.changed();
  return [{ success: { [`${address}/name`]: name } }];
}

function configure(bridge: Bridge, change: Record<string, unknown>): Outcome[] {
  return Object.entries(change).map(([name, value]): Outcome => {
    const address = `/config/${name}`;
    if (name !== 'linkbutton') {
      return { error: { type: 6, address, description: `parameter, ${name}, not available` } };
    }
    if (value !== true) {
      return { error: { type: 7, address, description: 'invalid value for parameter, linkbutton' } };
    }
    bridge.pressButton();
    return { success: { [address]: true } };
  });
}

function forget(bridge: Bridge, [kind, list, id, ...more]: readonly string[]): Outcome[] | undefined {
  if (kind !== 'config' || list !== 'whitelist' || id === undefined || more.length > 0) return undefined;
  const address = `/config/whitelist/${id}`;
  return bridge.users.delete(id) ? [{ success: { [address]: `${address} deleted` } }] : missing(address);
}

/** What anybody may know of a bridge. */
function shortConfig(): Record<string, unknown> {
  return {
    name: 'Demo bridge',
    datastoreversion: '172',
    swversion: '1967054020',
    apiversion: '1.67.0',
    mac: '00:17:88:00:de:40',
    bridgeid: '001788FFFE00DE40',
    factorynew: false,
    replacesbridgeid: null,
    modelid: 'BSB002',
    starterkitid: '',
  };
}

function config(bridge: Bridge): Record<string, unknown> {
  const whitelist = [...bridge.users].map(([id, { name, created, used }]) => [
    id,
    { name, 'create date': created, 'last use date': used },
  ]);
  const { buttonPressed: linkbutton } = bridge;
  return { ...shortConfig(), UTC: bridge.time(), linkbutton, whitelist: Object.fromEntries(whitelist) };
}
