/** The lamps of a bridge and what their state may be, by the rules of the Hue v1 API. */

export interface LightState {
  on: boolean;
  /** Brightness, 1 to 254. */
  bri: number;
  /** Colour on a circle of 65536 steps; lamps with colour only. */
  hue?: number;
  /** Saturation, 0 to 254; lamps with colour only. */
  sat?: number;
  /** White in mired, 153 (cold) to 500 (warm). */
  ct: number;
  alert: 'none' | 'select' | 'lselect';
  effect?: 'none' | 'colorloop';
  colormode: 'hs' | 'ct';
  reachable: boolean;
}

export interface Light {
  name: string;
  state: LightState;
  readonly type: 'Extended color light' | 'Color temperature light';
  readonly modelid: string;
  readonly manufacturername: string;
  readonly uniqueid: string;
  readonly swversion: string;
}

export interface Group {
  name: string;
  lights: string[];
  type: 'Room' | 'LightGroup';
  class?: string;
}

/** Why a parameter was not taken: the API's error type with its description. */
export interface Refused {
  type: number;
  description: string;
}

/** Parameter → its legal values: a range of whole numbers, or a list. `true` for a truth value. */
const PARAMETERS = new Map<string, true | readonly [number, number] | readonly string[]>([
  ['on', true],
  ['bri', [1, 254]],
  ['hue', [0, 65_535]],
  ['sat', [0, 254]],
  ['ct', [153, 500]],
  ['transitiontime', [0, 65_535]],
  ['alert', ['none', 'select', 'lselect']],
  ['effect', ['none', 'colorloop']],
]);
const COLOUR_ONLY = new Set(['hue', 'sat', 'effect']);

/**
 * Sets one parameter of a lamp; gives why not, if not. A lamp that is off takes `on` and the time of transition only.
 */
export function setParameter(light: Light, name: string, value: unknown): Refused | undefined {
  const legal = PARAMETERS.get(name);
  const colour = light.type === 'Extended color light';
  if (legal === undefined || (COLOUR_ONLY.has(name) && !colour)) {
    return { type: 6, description: `parameter, ${name}, not available` };
  }
  if (!isLegal(value, legal)) {
    return { type: 7, description: `invalid value, ${JSON.stringify(value)}, for parameter, ${name}` };
  }
  if (!light.state.on && name !== 'on' && name !== 'transitiontime') {
    return { type: 201, description: `parameter, ${name}, is not modifiable. Device is set to off.` };
  }
  if (name === 'transitiontime') return undefined;
  Object.assign(light.state, { [name]: value });
  if (name === 'hue' || name === 'sat') light.state.colormode = 'hs';
  if (name === 'ct') light.state.colormode = 'ct';
  return undefined;
}

function isLegal(value: unknown, legal: true | readonly [number, number] | readonly string[]): boolean {
  if (legal === true) return typeof value === 'boolean';
  if (typeof legal[0] === 'string') return legal.includes(value as never);
  const [low, high] = legal as readonly [number, number];
  return Number.isInteger(value) && Number(value) >= low && Number(value) <= high;
}

function light(number: number, name: string, state: Partial<LightState>): Light {
  const colour = state.hue !== undefined;
  return {
    name,
    state: {
      on: false,
      bri: 200,
      ct: 366,
      alert: 'none',
      ...(colour ? { effect: 'none' as const } : {}),
      colormode: colour ? 'hs' : 'ct',
      reachable: true,
      ...state,
    },
    type: colour ? 'Extended color light' : 'Color temperature light',
    modelid: colour ? 'LCT015' : 'LTW012',
    manufacturername: 'Porchlight demo',
    uniqueid: `00:17:88:01:00:bd:c7:${(0xb0 + number).toString(16)}-0b`,
    swversion: '1.104.2',
  };
}

/** The lamps of the demo home, by their number. */
export function demoLights(): Map<string, Light> {
  const lights = [
    light(1, 'Porch', { on: true, bri: 230, ct: 400 }),
    light(2, 'Reading lamp', { on: true, bri: 160, hue: 6_500, sat: 190 }),
    light(3, 'Bookshelf', { on: true, bri: 120, hue: 47_000, sat: 210 }),
    light(4, 'Kitchen table', { ct: 250 }),
    light(5, 'Hob', { ct: 220, bri: 254 }),
    light(6, 'Bedside', { hue: 3_000, sat: 230, bri: 70 }),
  ];
  return new Map(lights.map((each, at) => [String(at + 1), each]));
}

export function demoGroups(): Map<string, Group> {
  const room = (name: string, lights: string[]): Group => ({ name, lights, type: 'Room', class: name });
  return new Map([
    ['1', room('Living room', ['2', '3'])],
    ['2', room('Kitchen', ['4', '5'])],
    ['3', room('Bedroom', ['6'])],
    ['4', room('Front door', ['1'])],
  ]);
}
