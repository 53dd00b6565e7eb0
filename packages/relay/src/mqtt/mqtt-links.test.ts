import { FakeClock } from '@porchlight/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Link, LinkTable } from '../links/index.ts';
import { silentLogger } from '../telemetry/index.ts';
import type { MqttConnection } from './mqtt-connection.ts';
import { MqttLinks } from './mqtt-links.ts';

describe('a device over MQTT and by an agent', () => {
  let table: LinkTable;
  let links: MqttLinks;
  /** What the rest of the relay has seen. */
  let seen: string[];

  beforeEach(() => {
    [table, seen] = [new LinkTable(), []];
    links = new MqttLinks({
      links: table,
      readings: { note: () => undefined },
      clock: new FakeClock(),
      logger: silentLogger,
      knownServices: { note: () => undefined },
      rpcDropped: undefined as never,
    });
    table.listen({
      up: ({ transport }) => void seen.push(`${transport} up`),
      down: ({ transport }, reason) => void seen.push(`${transport} down: ${reason}`),
      changed: () => undefined,
    });
  });

  function client(deviceId = 'd1'): MqttConnection & { ended: string | undefined } {
    const connection = {
      identity: {
        ...{ kind: 'device', scope: `d:a1:${deviceId}/`, label: 'device:shed', accountId: 'a1', deviceId },
        ...{ deviceName: 'shed', credentialId: 'c1', prefixes: ['device/shed/'] },
      },
      ...{ id: 'm1', clientId: 'esp', address: '192.0.2.1', door: 'mqtts', since: 1 },
      ...{ bytesIn: 10, bytesOut: 20, unsent: 0, subscriptions: 0 },
      ended: undefined as string | undefined,
      hasFilter: () => false,
      send: () => undefined,
      end(reason: string) {
        connection.ended = reason;
        links.down(connection, reason);
      },
    } as MqttConnection & { ended: string | undefined };
    return connection;
  }

  /** As an agent's: it is taken out of the table when it ends. */
  function agentLink(deviceId = 'd1'): Link {
    const link = {
      ...{ deviceId, accountId: 'a1', deviceName: 'shed', transport: 'ssh', address: '', upSince: 0 },
      ...{ agent: '', services: [], paused: false, rtt: undefined, bytesIn: 0, bytesOut: 0, unsent: 0 },
      ...{ stock: false, openChannels: 0, connections: [] },
      openChannel: () => Promise.reject(new Error('not here')),
      ping: () => undefined,
      drain: () => undefined,
      end: (reason: string) => table.detach(link, reason),
    } as unknown as Link;
    return link;
  }

  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('gives way to the agent, stays connected, and is its link again when the agent has gone', async () => {
    const mqtt = client();
    links.up(mqtt);
    const agent = agentLink();
    table.attach(agent);
    await settled();
    expect([mqtt.ended, table.get('d1')]).toEqual([undefined, agent]);
    agent.end('connection lost');
    await settled();
    expect(table.get('d1')?.transport).toBe('mqtt');
    expect(seen).toEqual([
      ...['mqtt up', 'mqtt down: the device connected again', 'ssh up'],
      ...['ssh down: connection lost', 'mqtt up'],
    ]);
  });

  it('an agent that connects again is followed by the agent, not by MQTT in between', async () => {
    links.up(client());
    const [first, second] = [agentLink(), agentLink()];
    table.attach(first);
    table.attach(second);
    await settled();
    expect(table.get('d1')).toBe(second);
    expect(seen.filter((one) => one === 'mqtt up')).toHaveLength(1);
  });

  it('does not push an agent out, and leaves nothing behind when it goes meanwhile', async () => {
    const agent = agentLink();
    table.attach(agent);
    const mqtt = client();
    links.up(mqtt);
    expect(table.get('d1')).toBe(agent);
    links.down(mqtt, 'it signed off');
    agent.end('connection lost');
    await settled();
    expect([table.size, seen]).toEqual([0, ['ssh up', 'ssh down: connection lost']]);
  });

  it('several connections are one link, which ends with the last of them', () => {
    const [one, other] = [client(), client()];
    links.up(one);
    links.up(other);
    expect([table.size, table.get('d1')?.bytesIn]).toEqual([1, 20]);
    links.down(one, 'it signed off');
    expect([table.size, table.get('d1')?.bytesIn]).toEqual([1, 20]);
    links.down(other, 'the connection was lost');
    expect([table.size, seen]).toEqual([0, ['mqtt up', 'mqtt down: the connection was lost']]);
  });

  it('ending the link ends all its connections', () => {
    const [one, other] = [client(), client()];
    links.up(one);
    links.up(other);
    table.endWhere(() => true, 'somebody ended it');
    expect([one.ended, other.ended, table.size]).toEqual(['somebody ended it', 'somebody ended it', 0]);
  });
});
