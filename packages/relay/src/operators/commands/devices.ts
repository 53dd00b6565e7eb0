import type { Device } from '@porchlight/protocol/api';
import { servicesOf, sinceOf, statusOf } from '@porchlight/protocol/words';
import { bytes, span, table } from '../terminal/index.ts';
import type { Command } from './command.ts';

export const devices: Command = {
  usage: 'devices [SEARCH]',
  summary: 'your devices, or those with SEARCH in name or tag',
  args: [0, 1],
  async run(call) {
    const [search] = call.words.args;
    const query = search === undefined ? '' : `&search=${encodeURIComponent(search)}`;
    const found = await call.list<Device>(`/api/devices?limit=500${query}`);
    if (call.words.json) return call.printJson(found);
    if (found.length === 0) return call.print(search === undefined ? 'no devices yet' : 'no such device');
    const now = call.now();
    const rows = found.map((one) => [
      ...[one.name, statusOf(one), sinceOf(one, now), one.link.address ?? '', servicesOf(one)],
    ]);
    call.print(table([['NAME', 'STATUS', 'SINCE', 'ADDRESS', 'SERVICES'], ...rows]));
  },
};

export const links: Command = {
  usage: 'links',
  summary: 'the links that are up',
  args: [0, 0],
  async run(call) {
    const up = (await call.list<Device>('/api/devices?limit=500')).filter(({ link }) => link.up);
    if (call.words.json) {
      return call.printJson(
        up.map(({ id, name, link, bytesIn, bytesOut }) => ({ id, name, ...link, bytesIn, bytesOut })),
      );
    }
    if (up.length === 0) return call.print('no link is up');
    const now = call.now();
    const rows = up.map(({ name, link, bytesIn, bytesOut }) => [
      name,
      link.transport ?? (link.callHome === undefined ? '' : 'calls home'),
      link.since === undefined ? '' : span(now - link.since),
      link.address ?? '',
      link.rtt === undefined ? '' : `${Math.round(link.rtt)} ms`,
      bytes(bytesIn),
      bytes(bytesOut),
      link.agent ?? '',
    ]);
    call.print(table([['DEVICE', 'BY', 'UP', 'ADDRESS', 'ROUND TRIP', 'IN', 'OUT', 'SOFTWARE'], ...rows]));
  },
};

export const kick: Command = {
  usage: 'kick DEVICE',
  summary: 'end its link now; it may come back',
  args: [1, 1],
  async run(call) {
    const device = await call.device(call.words.args[0] ?? '');
    await call.api('POST', `/api/devices/${device.id}/kick`);
    if (call.words.json) call.printJson({ id: device.id, name: device.name });
    else call.print(`${device.name}: its link was ended`);
  },
};

export const block = blocking(true);
export const unblock = blocking(false);

function blocking(blocked: boolean): Command {
  return {
    usage: blocked ? 'block DEVICE' : 'unblock DEVICE',
    summary: blocked ? 'end its link and keep its key out' : 'let its key in again',
    args: [1, 1],
    async run(call) {
      const { id, name } = await call.device(call.words.args[0] ?? '');
      const device = await call.api<Device>('PATCH', `/api/devices/${id}`, { blocked });
      if (call.words.json) call.printJson(device);
      else call.print(blocked ? `${name} is blocked: its key is kept out` : `${name} may come again`);
    },
  };
}

export const enrol: Command = {
  usage: 'enrol NAME [PUBLIC KEY]',
  summary: 'let a device in by its public key (or on standard input) before it comes; --tag TAG',
  args: [1, 10],
  options: { tag: true },
  async run(call) {
    const [name = '', ...key] = call.words.args;
    const given = key.length === 0 || key[0] === '-' ? await call.terminal.input() : key.join(' ');
    const body = { name, publicKey: given ?? '', tags: call.words.all('tag') };
    const device = await call.api<Device>('POST', '/api/devices', body);
    if (call.words.json) call.printJson(device);
    else call.print(`${device.name} may come now, with the key ${device.fingerprint}`);
  },
};
