import { FakeClock } from '@porchlight/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { type PortRequest, PortRequests } from './port-requests.ts';

describe('the inbox of a device', () => {
  let clock: FakeClock;
  let requests: PortRequests;
  beforeEach(() => {
    clock = new FakeClock();
    requests = new PortRequests({ clock });
  });

  const ask = (devicePort: number, minutes = 60, relayPort?: number, deviceId = 'd1'): PortRequest => {
    const expiresAt = clock.now() + minutes * 60_000;
    const request = requests.ask({ deviceId, devicePort, relayPort, expiresAt });
    if (request === undefined) throw new Error('the inbox is full');
    return request;
  };
  const read = (deviceId = 'd1'): string =>
    requests
      .take(deviceId)
      .map(({ devicePort, relayPort }) => `${devicePort}:${relayPort}`)
      .join(' ');

  it('is read once; what was read and led to nothing comes again', async () => {
    ask(22);
    ask(80, 60, 8765);
    expect(read()).toBe('22:40000 80:8765');
    expect(read()).toBe('');
    expect(requests.answer('d1', 8765)?.devicePort).toBe(80);
    await clock.advance(150_001);
    // The one that is answered does not.
    expect(read()).toBe('22:40000');
  });

  it('a forward that goes before its time puts the request back', () => {
    ask(22);
    read();
    requests.answer('d1', 40_000);
    requests.putBack('d1', 40_000);
    expect(requests.waiting('d1')).toHaveLength(1);
    expect(read()).toBe('22:40000');
  });

  it('devices that are asked for the same port do not get in each other’s way', () => {
    ask(22, 60, 2222, 'd1');
    ask(23, 60, 2222, 'd2');
    expect([read('d1'), read('d2')]).toEqual(['22:2222', '23:2222']);
    expect(requests.match('d3', 2222)).toBeUndefined();
  });

  it('a request is extended, not doubled; one port of the relay is for one of the device', () => {
    const first = ask(22, 10);
    expect(ask(22, 60).id).toBe(first.id);
    ask(80, 60, 8765);
    expect(
      requests.ask({ deviceId: 'd1', devicePort: 81, relayPort: 8765, expiresAt: clock.now() + 1 }),
    ).toBe(undefined);
    for (let port = 1000; port < 1048; port += 1) ask(port);
    expect(
      requests.ask({ deviceId: 'd1', devicePort: 9, relayPort: undefined, expiresAt: clock.now() + 1 }),
    ).toBe(undefined);
  });

  it('who waits for its end hears of it once: by time, by hand, by removal', async () => {
    const ended: string[] = [];
    const wait = (request: PortRequest): (() => void) =>
      requests.whenEnded(request, () => void ended.push(String(request.devicePort)));
    wait(ask(22, 1));
    const extended = ask(23, 1);
    wait(extended);
    ask(23, 5);
    wait(ask(24, 5))();
    await clock.advance(60_000);
    expect(ended).toEqual(['22']);
    requests.withdraw('d1', extended.id);
    expect(ended).toEqual(['22', '23']);
    wait(ask(25));
    requests.forget('d1');
    await clock.advance(3600_000);
    expect(ended).toEqual(['22', '23', '25']);
    expect(clock.waiting).toBe(0);
  });
});
