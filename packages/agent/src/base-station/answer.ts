import { ConfigError } from '../config/index.ts';
import type { BaseStationAnswer, BaseStationAsk, BaseStationView } from '../local/index.ts';
import type { BaseStation } from './base-station.ts';

/** Does what the CLI asks, and tells how the base station is then. @throws ConfigError */
export async function answerAsk(station: BaseStation, ask: BaseStationAsk): Promise<BaseStationAnswer> {
  switch (ask.do) {
    case 'show':
      station.look();
      break;
    case 'allow':
      await station.allow(requestOf(station, ask.id), { name: ask.name });
      break;
    case 'deny':
      await station.deny(requestOf(station, ask.id));
      break;
    case 'forget':
      if (!(await station.forget(ask.id))) throw new ConfigError('nobody of that id was denied');
      break;
    case 'rotate': {
      const { device, password } = await station.rotate(deviceOf(station, ask.id));
      return { view: viewOf(station), credentials: { username: device.username, password } };
    }
    case 'revoke':
      await station.revoke(deviceOf(station, ask.id));
      break;
    case 'put-user':
      await station.putUser(ask);
      break;
    case 'pair':
      if (ask.minutes === 0) station.pairing.off();
      else station.pairing.on(ask.minutes);
      break;
    case 'remove-user':
      await station.removeUser(ask.name);
      break;
  }
  return { view: viewOf(station) };
}

/** How the base station is, without anything secret. */
export function viewOf(station: BaseStation): BaseStationView {
  const { settings, requests, inputs, users, ports } = station;
  const { problems, notices, addresses, ...names } = station.discovery();
  const connected = new Set(
    station.connections().map(({ who }) => (who?.kind === 'device' ? who.device.id : undefined)),
  );
  return {
    ports,
    baseTopic: settings.baseTopic,
    emonesp: settings.emonesp && ports.mqtt !== undefined,
    fingerprint: station.fingerprint,
    pairing: station.pairing.state,
    discovery: { ...names, addresses: [...addresses], problems: [...problems], notices: [...notices] },
    requests: requests.list().map(({ asker: _asker, ...request }) => request),
    denied: requests.denied().map(({ asker: _asker, ...denied }) => denied),
    devices: station.devices().map(({ key: _key, passwordHash: _hash, mosquittoHash: _other, ...device }) => {
      const { lastAt, silent, doubles } = inputs.ofDevice(device.id);
      return { ...device, lastAt, silent, connected: connected.has(device.id), doubles: [...doubles] };
    }),
    users: users.list().map(({ name, access, addedAt }) => ({ name, access, addedAt })),
    inputs: inputs.list().map(({ history: _history, ...input }) => input),
  };
}

/** By id, by the code that both ends show, or by a name that one request alone has. */
function requestOf(station: BaseStation, text: string): string {
  const waiting = station.requests.list().filter(({ state }) => state === 'waiting');
  const digits = text.replace(/\D/g, '');
  const found =
    waiting.filter(({ id }) => id === text)[0] ??
    only(
      waiting.filter(({ code }) => code !== undefined && code.replace('-', '') === digits),
      text,
    ) ??
    only(
      waiting.filter(({ name }) => name === text),
      text,
    );
  if (found === undefined)
    throw new ConfigError(`no device that asks now has the id, code or name "${text}"`);
  return found.id;
}

function deviceOf(station: BaseStation, text: string): string {
  const devices = station.devices();
  const found =
    devices.find(({ id }) => id === text) ??
    only(
      devices.filter(({ name }) => name === text),
      text,
    );
  if (found === undefined) throw new ConfigError(`there is no WiFi device "${text}"`);
  return found.id;
}

function only<T>(found: readonly T[], text: string): T | undefined {
  if (found.length > 1) throw new ConfigError(`"${text}" is said of ${found.length}: say the id`);
  return found[0];
}
