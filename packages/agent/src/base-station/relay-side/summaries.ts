import {
  LAN_DEVICES_MAX,
  LAN_INPUT_POINTS_MAX,
  LAN_INPUTS_MAX,
  LAN_REQUESTS_MAX,
  type LanDevice,
  type LanInput,
  type LanRequest,
  PASSED_READINGS_MAX,
} from '@porchlight/protocol';
import type { Input } from '../inputs/index.ts';
import type { Station } from './ports.ts';

/** Those that wait longest come first. */
export function requestSummary({ requests }: Station): { requests: LanRequest[]; more: number } {
  const all = requests.list();
  const listed = all.slice(0, LAN_REQUESTS_MAX).map(({ id, way, name, address, mac, code, ...rest }) => {
    const { firstAskedAt, askedAt, times, state } = rest;
    return {
      ...{ id, way, name: cut(name, 64), address: cut(address, 64) },
      ...(mac === undefined ? {} : { mac }),
      ...(code === undefined ? {} : { code }),
      ...{ firstAskedAt: Math.round(firstAskedAt), askedAt: Math.round(askedAt), times, state },
    };
  });
  return { requests: listed, more: all.length - listed.length };
}

/** Those that were let in and not revoked since. */
export function deviceSummary(station: Station): { devices: LanDevice[]; more: number } {
  const all = station.devices().filter(({ revokedAt }) => revokedAt === undefined);
  const heard = lastHeard(station.inputs.list());
  const listed = all.slice(0, LAN_DEVICES_MAX).map(({ id, name, way, address, mac, node, allowedAt }) => {
    const last = heard.get(id);
    return {
      ...{ id, name: cut(name, 64), way, address: cut(address, 64) },
      ...(mac === undefined ? {} : { mac }),
      ...(node === undefined ? {} : { node }),
      allowedAt: Math.round(allowedAt),
      ...(last === undefined ? {} : { lastSeenAt: Math.round(last.at) }),
      silent: last?.silent ?? false,
    };
  });
  return { devices: listed, more: all.length - listed.length };
}

/** What its devices say, with a few points of each input's history. */
export function inputSummary(station: Station): { inputs: LanInput[]; more: number } {
  const all = station.inputs.list();
  const names = new Map(station.devices().map(({ id, name }) => [id, cut(name, 64)]));
  const inputs = all.slice(0, LAN_INPUTS_MAX).map(({ topic, device, value, at, silent, history }) => {
    const by = device === undefined ? undefined : names.get(device);
    return {
      topic: cut(topic, 256),
      ...(by === undefined ? {} : { device: by }),
      ...{ value: cut(value, 80), at: Math.round(at), silent },
      history: evenly(history, LAN_INPUT_POINTS_MAX).map((point): [number, number] => [
        Math.round(point.at),
        Number(point.value.toPrecision(6)),
      ]),
    };
  });
  return { inputs, more: all.length - inputs.length };
}

/** So many of them at most, evenly, and the last one always. */
function evenly<T>(all: readonly T[], max: number): T[] {
  if (all.length <= max) return [...all];
  const last = all.length - 1;
  return Array.from({ length: max }, (_, n) => all[Math.round((n * last) / (max - 1))] as T);
}

/** What of the inputs is newer than `since`, named as its topic goes on behind the base topic. */
export function newReadings(
  inputs: readonly Input[],
  { baseTopic, since }: { readonly baseTopic: string; readonly since: number },
): { name: string; value: string }[] {
  const prefix = `${baseTopic}/`;
  return inputs
    .filter(({ topic }) => topic.startsWith(prefix) && topic.length > prefix.length)
    .slice(0, PASSED_READINGS_MAX)
    .filter(({ at }) => at > since)
    .map(({ topic, value }) => ({ name: cut(topic.slice(prefix.length), 64), value: cut(value, 200) }));
}

/** By device: when anything of it came last, and whether all of it is late. */
function lastHeard(inputs: readonly Input[]): Map<string, { at: number; silent: boolean }> {
  const found = new Map<string, { at: number; silent: boolean }>();
  for (const { device, at, silent } of inputs) {
    if (device === undefined) continue;
    const before = found.get(device);
    found.set(device, { at: Math.max(at, before?.at ?? 0), silent: silent && (before?.silent ?? true) });
  }
  return found;
}

function cut(text: string, max: number): string {
  return text.slice(0, max).toWellFormed();
}
