/** For tests of the base station's ways in: the real stores and the real HTTP port, on loopback. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@porchlight/testkit';
import type { Logger } from '../log/index.ts';
import { createEmonEspRoute } from './adapters/emonesp/index.ts';
import { LanDevices } from './devices/index.ts';
import { LanJoins } from './join/index.ts';
import { openLanHttp } from './lan-http/index.ts';
import { LanRequests } from './requests/index.ts';

export type LanRig = Awaited<ReturnType<typeof openLanRig>>;

export async function openLanRig() {
  const dataFolder = await mkdtemp(join(tmpdir(), 'porchlight-lan-'));
  const clock = new FakeClock();
  const logged: string[] = [];
  const write = (_fields: object, message: string) => void logged.push(message);
  const logger = { info: write, warn: write, error: write, debug: write } as unknown as Logger;
  const identity = generateKeyPairSync('ed25519').privateKey;
  const state = { person: false, looks: 0 };
  const hardwareAddressOf = async (address: string) =>
    address === '10.0.0.9' ? 'aa:bb:cc:dd:ee:09' : undefined;

  async function start() {
    const requests = await LanRequests.open({ dataFolder, clock, onChange: () => undefined });
    const devices = await LanDevices.open(dataFolder, () => undefined);
    const joins = new LanJoins({ requests, identity, clock, logger, hardwareAddressOf });
    const emonesp = createEmonEspRoute({
      ...{
        requests,
        devices,
        baseTopic: 'emon',
        mqttPort: 1883,
        nodeIsName: false,
        logger,
        hardwareAddressOf,
      },
      isPerson: async () => state.person,
      onLook: () => {
        state.looks += 1;
      },
      allow: async (id) => void (await requests.allow(id, { name: 'kitchen' })),
      now: () => clock.now(),
    });
    const listen = { host: '127.0.0.1', port: 0 };
    const http = await openLanHttp({ listen, routes: [joins.route, emonesp], clock, logger });
    return { requests, devices, joins, http };
  }

  const rig = {
    ...(await start()),
    clock,
    logged,
    state,
    identity,
    /** As a device of that address asks, through a proxy on this machine. */
    fetch: (from: string, path: string, init: RequestInit = {}) =>
      fetch(`http://127.0.0.1:${rig.http.port}${path}`, {
        ...init,
        headers: { 'x-forwarded-for': from, ...(init.headers as Record<string, string>) },
      }),
    async restart() {
      await rig.http.close();
      Object.assign(rig, await start());
    },
    async close() {
      await rig.http.close();
      await rm(dataFolder, { recursive: true });
    },
  };
  return rig;
}
