import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseDestination } from './destination.ts';

it('is a device with a port, or a service of a device', () => {
  expect(parseDestination('router1', 22)).toEqual({ device: 'router1', target: { port: 22 } });
  expect(parseDestination('Router1', 22)).toEqual({ device: 'router1', target: { port: 22 } });
  expect(parseDestination('web.router1', 80)).toEqual({ device: 'router1', target: { service: 'web' } });
  expect(parseDestination('8888.zumi', 0)).toEqual({ device: 'zumi', target: { service: '8888' } });
});

it('is nothing else', () => {
  const hosts = [
    '',
    '.',
    'a.',
    'a.b.c',
    '::1',
    '[::1]',
    'my_router',
    'a--b',
    'x'.repeat(33),
    'röuter',
    '../x',
    '-a',
  ];
  for (const host of hosts) expect(parseDestination(host, 22), host).toBeUndefined();
  for (const port of [0, -1, 65_536, 1.5, Number.NaN]) expect(parseDestination('a', port)).toBeUndefined();
});

it('whatever a client sends: two legal names, or nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.integer(), (host, port) => {
      const found = parseDestination(host, port);
      if (found !== undefined) expect(found.device).toMatch(/^[a-z0-9-]{1,32}$/);
    }),
    { interruptAfterTimeLimit: 1_000 },
  );
});
