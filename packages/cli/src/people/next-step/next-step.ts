import { span } from '@porchlight/protocol/words';
import { ownName } from '../../own-name.ts';
import type { AgentHere } from './agent-here.ts';
import type { LoginHere } from './login-here.ts';
import type { RelayHere } from './relay-here.ts';

/** What there is on this machine. */
export interface Here {
  readonly login: LoginHere;
  readonly relay: RelayHere | undefined;
  readonly agent: AgentHere | undefined;
}

export interface Advice {
  /** What was found, one line each. */
  readonly found: readonly string[];
  /** What to do next, the most useful first: a command, and what it is for. */
  readonly next: readonly (readonly [command: string, purpose: string])[];
}

/** Join requests that are shown one by one. */
const REQUESTS_MAX = 3;

/** What to do next with the state that was found. */
export function adviceFor({ login, relay, agent }: Here, now: number): Advice {
  const parts = [adviceOnLogin(login, now), adviceOnAgent(agent, now), adviceOnRelay(relay, login)];
  const next = parts.flatMap((part) => part.next);
  const known = login.state !== 'none' || relay !== undefined || agent !== undefined;
  return {
    found: parts.flatMap((part) => part.found),
    next: known ? next : BEGINNING,
  };
}

const command = (words: string): string => `${ownName} ${words}`;

const BEGINNING: Advice['next'] = [
  [command('login https://RELAY'), 'reach your devices through a relay that you have an account at'],
  [command('agent join https://RELAY'), 'make this machine a device that people reach'],
  [command('relay --domain RELAY'), 'run a relay here; docs/guides/first-relay.md goes through it'],
  [command('--help'), 'every command'],
];

function adviceOnLogin(login: LoginHere, now: number): Advice {
  switch (login.state) {
    case 'none':
      return { found: [], next: [] };
    case 'ended':
      return {
        found: [`The login at ${login.origin} has ended.`],
        next: [[command(`login ${login.origin}`), 'log in again']],
      };
    case 'away':
      return {
        found: [`${login.origin} does not answer: ${login.reason}`],
        next: [[command('doctor'), 'find out why']],
      };
    case 'good':
      return adviceOnDevices(login, now);
  }
}

function adviceOnDevices(
  { origin, account, devices, requests }: LoginHere & { state: 'good' },
  now: number,
): Advice {
  const up = devices.filter(({ link }) => link.up);
  const many = devices.length === 1 ? 'one device' : `${devices.length} devices`;
  const asking = requests.slice(0, REQUESTS_MAX);
  const [device] = up;
  const web = device?.services.find(({ url, offered }) => url !== undefined && offered);
  return {
    found: [
      `Logged in at ${origin} as ${account}: ${devices.length === 0 ? 'no devices yet' : `${many}, ${up.length} online`}.`,
      ...asking.map(
        ({ code, name, address, expiresAt }) =>
          `${name} asks to be let in from ${address}, for ${span(expiresAt - now)} more. Its code is ${code}.`,
      ),
    ],
    next: [
      ...asking.map(
        ({ code, name }) => [command(`allow ${code}`), `let ${name} in, if it shows this code`] as const,
      ),
      ...(devices.length === 0
        ? [[`porchlight agent join ${origin} --account ${account}`, 'on a device: ask to be let in'] as const]
        : [[command('devices'), 'how they are doing'] as const]),
      ...(device !== undefined && web !== undefined
        ? [[command(`open ${device.name}/${web.name}`), 'open it in the browser'] as const]
        : []),
      ...(up.length < devices.length ? [[command('doctor'), 'why the others are not'] as const] : []),
    ],
  };
}

function adviceOnAgent(agent: AgentHere | undefined, now: number): Advice {
  if (agent === undefined) return { found: [], next: [] };
  const { status, folder } = agent;
  if (status === undefined) {
    return {
      found: [`An agent is set up here (${folder}), and does not run.`],
      next: [[command('agent run'), 'keep its link to the relay']],
    };
  }
  const { name, relay, link, services } = status;
  const state =
    link.state === 'up' ? `its link is up for ${span(now - link.since)}` : `its link is ${link.state}`;
  const expose = [
    command('agent expose web http://127.0.0.1:80'),
    'say what people may reach on it',
  ] as const;
  return {
    found: [`This machine is the device ${name} at ${relay}: ${state}.`],
    next: [
      ...(link.state === 'up' ? [] : [[command('agent doctor'), 'why its link is not up'] as const]),
      ...(services.length === 0 ? [expose] : []),
    ],
  };
}

function adviceOnRelay(relay: RelayHere | undefined, login: LoginHere): Advice {
  if (relay === undefined) return { found: [], next: [] };
  const { folder, running } = relay;
  if (!running) {
    return {
      found: [`A relay has its data in ${folder}, and does not run.`],
      next: [[command(`relay --data ${folder}`), 'run it']],
    };
  }
  return {
    found: [`A relay runs here, with its data in ${folder}.`],
    next: login.state === 'none' ? [[command('login https://RELAY'), 'log in to it']] : [],
  };
}
