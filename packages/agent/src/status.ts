import type { BaseStationSwitch } from './base-station/index.ts';
import type { AgentConfig } from './config/index.ts';
import type { LinkPhase } from './link/index.ts';
import type { AgentStatus, LinkStatus } from './local/index.ts';
import type { DevicePolicy } from './policy/index.ts';
import { VERSION } from './version.ts';

/** A refusal that only a person can lift. */
export interface Refusal {
  readonly since: number;
  readonly reason: string;
  readonly hint: string;
}

export interface StatusFacts {
  readonly startedAt: number;
  /** Domain of the relay. */
  readonly relay: string;
  readonly config: AgentConfig;
  /** Why the configuration on the disk is not in force. */
  readonly configError: string | undefined;
  readonly phase: LinkPhase;
  readonly refused: Refusal | undefined;
  /** Code of this device and this relay, as a join request shows it. */
  readonly code: string;
  readonly paused: boolean;
  readonly policy: DevicePolicy;
  readonly baseStation: BaseStationSwitch;
}

/** How the agent is doing, for `porchlight agent status`. */
export function agentStatusOf(facts: StatusFacts): AgentStatus {
  const { startedAt, relay, config, configError, phase, refused, code, paused, policy } = facts;
  const baseStation = baseStationStatusOf(facts.baseStation);
  return {
    version: VERSION,
    pid: process.pid,
    startedAt,
    name: phase.kind === 'up' ? phase.device : (config.name ?? 'device'),
    relay,
    link: refused === undefined ? linkStatusOf(phase, code) : { state: 'denied', ...refused },
    paused,
    policy: policyStatusOf(policy),
    ...(configError === undefined ? {} : { configError }),
    services: [...config.services].map(([name, { target }]) => ({
      name,
      kind: target.kind,
      target: target.text,
    })),
    ...(baseStation === undefined ? {} : { baseStation }),
  };
}

function baseStationStatusOf({ station, problem }: BaseStationSwitch): AgentStatus['baseStation'] {
  if (station === undefined)
    return problem === undefined ? undefined : { ports: {}, problem, waiting: 0, devices: 0 };
  const waiting = station.requests.list().filter(({ state }) => state === 'waiting').length;
  const devices = station.devices().filter(({ revokedAt }) => revokedAt === undefined).length;
  return { ports: station.ports, waiting, devices };
}

/** The policy's state as it goes to the CLI. */
export function policyStatusOf(policy: DevicePolicy): AgentStatus['policy'] {
  const { errors, warnings, ...state } = policy.state;
  return { ...state, errors: [...errors], warnings: [...warnings] };
}

function linkStatusOf(phase: LinkPhase, code: string): LinkStatus {
  switch (phase.kind) {
    case 'connecting':
      return { state: 'connecting', since: phase.since };
    case 'pending': {
      // Both sides compute the code; the relay's word for it is not taken.
      const { since, url, expiresAt } = phase;
      return { state: 'pending', since, code, url, expiresAt };
    }
    case 'up': {
      const { since, transport, rtt } = phase;
      return { state: 'up', since, transport, ...(rtt === undefined ? {} : { rtt }) };
    }
    case 'waiting':
      return { state: 'waiting', since: phase.since, retryAt: phase.until, reason: phase.reason };
    case 'stopped':
      return { state: 'stopped', since: phase.since };
  }
}
