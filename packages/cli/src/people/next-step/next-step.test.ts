import type { AgentStatus } from '@porchlight/agent';
import type { Device } from '@porchlight/protocol/api';
import { expect, it } from 'vitest';
import type { LoginHere } from './login-here.ts';
import { adviceFor, type Here } from './next-step.ts';

const NOW = 1_000_000_000;
const nothing: Here = { login: { state: 'none' }, relay: undefined, agent: undefined };
const commandsFor = (here: Partial<Here>): string[] =>
  adviceFor({ ...nothing, ...here }, NOW).next.map(([command]) => command);
const foundFor = (here: Partial<Here>): string => adviceFor({ ...nothing, ...here }, NOW).found.join('\n');
const good: Extract<LoginHere, { state: 'good' }> = {
  state: 'good',
  origin: 'https://relay.example',
  account: 'alice',
  devices: [],
  requests: [],
};
const device = (up: boolean): Device =>
  ({
    name: 'robot',
    link: { up },
    services: [{ name: 'web', url: 'https://x', offered: true }],
  }) as unknown as Device;
const status = (link: AgentStatus['link'], services: AgentStatus['services'] = []): AgentStatus =>
  ({ name: 'robot', relay: 'relay.example', link, services }) as unknown as AgentStatus;

it('with nothing set up, the ways to begin', () => {
  expect(commandsFor({})).toEqual([
    'porchlight login https://RELAY',
    'porchlight agent join https://RELAY',
    'porchlight relay --domain RELAY',
    'porchlight --help',
  ]);
});

it('logged in: a device first, then what can be reached, then what cannot', () => {
  expect(commandsFor({ login: good })).toEqual([
    'porchlight agent join https://relay.example --account alice',
  ]);
  expect(commandsFor({ login: { ...good, devices: [device(true), device(false)] } })).toEqual([
    'porchlight devices',
    'porchlight open robot/web',
    'porchlight doctor',
  ]);
  expect(foundFor({ login: { ...good, devices: [device(true)] } })).toBe(
    'Logged in at https://relay.example as alice: one device, 1 online.',
  );
});

it('a login that has ended, a relay that is away', () => {
  expect(commandsFor({ login: { state: 'ended', origin: 'https://relay.example' } })).toEqual([
    'porchlight login https://relay.example',
  ]);
  const login = { state: 'away', origin: 'https://relay.example', reason: 'no route' } as const;
  expect([commandsFor({ login }), foundFor({ login })]).toEqual([
    ['porchlight doctor'],
    'https://relay.example does not answer: no route',
  ]);
});

it('on a device: whether the agent runs, links and offers something', () => {
  const folder = '/data';
  expect(commandsFor({ agent: { folder, status: undefined } })).toEqual(['porchlight agent run']);
  const up = status({ state: 'up', since: NOW - 3_700_000, transport: 'ssh' });
  expect(commandsFor({ agent: { folder, status: up } })).toEqual([
    'porchlight agent expose web http://127.0.0.1:80',
  ]);
  expect(foundFor({ agent: { folder, status: up } })).toBe(
    'This machine is the device robot at relay.example: its link is up for 1 h.',
  );
  const waiting = status({ state: 'connecting', since: NOW }, [
    { name: 'web' },
  ] as unknown as AgentStatus['services']);
  expect(commandsFor({ agent: { folder, status: waiting } })).toEqual(['porchlight agent doctor']);
});

it('on a server: whether the relay runs', () => {
  expect(commandsFor({ relay: { folder: '/data', running: false } })).toEqual([
    'porchlight relay --data /data',
  ]);
  expect(commandsFor({ relay: { folder: '/data', running: true } })).toEqual([
    'porchlight login https://RELAY',
  ]);
  expect(
    commandsFor({ relay: { folder: '/data', running: true }, login: { ...good, devices: [device(true)] } }),
  ).toEqual(['porchlight devices', 'porchlight open robot/web']);
});
