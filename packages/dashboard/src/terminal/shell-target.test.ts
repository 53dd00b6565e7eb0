import type { Device, Service } from '@porchlight/protocol/api';
import { describe, expect, it } from 'vitest';
import { shellTarget } from './shell-target.ts';

const tcp = (change: Partial<Service>): Service => ({ kind: 'tcp', offered: true, ...change }) as Service;
const device = (services: Service[], callHome = false): Device =>
  ({ services, link: callHome ? { callHome: {} } : {} }) as unknown as Device;

describe('the way to a shell', () => {
  it.each([
    ['a service at port 22', [tcp({ name: 'x', port: 22 })], { service: undefined }],
    ['a service named ssh at another port', [tcp({ name: 'ssh', port: 2222 })], { service: 'ssh' }],
    ['a service named 22', [tcp({ name: '22' })], { service: '22' }],
    ['one that is not offered now', [tcp({ name: 'ssh', offered: false })], undefined],
    ['a web service', [tcp({ name: 'ssh', kind: 'http' })], undefined],
    ['another service', [tcp({ name: 'mqtt', port: 1883 })], undefined],
  ])('%s', (_what, services, target) => {
    expect(shellTarget(device(services))).toEqual(target);
  });

  it('a device that calls home is asked for port 22', () => {
    expect(shellTarget(device([], true))).toEqual({ service: undefined });
  });
});
