import { describe, expect, it } from 'vitest';
import { addressFor } from './address.ts';

describe('the address of a forward', () => {
  const at = { host: 'relay.example', port: 30_022, domain: 'relay.example', isWeb: false };

  it.each([
    [{ ...at, target: { port: 22 } }, 'ssh -p 30022 root@relay.example'],
    [{ ...at, target: { service: 'ssh' }, host: 'localhost' }, 'ssh -p 30022 root@localhost'],
    [{ ...at, target: { port: 5432 } }, 'relay.example:30022'],
    [{ ...at, target: { port: 5432 }, host: '2001:db8::1' }, '[2001:db8::1]:30022'],
    [{ ...at, target: { port: 80 }, host: '192.0.2.1' }, 'http://192.0.2.1:30022/'],
    [{ ...at, target: { service: 'jupyter' }, isWeb: true, host: 'localhost' }, 'http://localhost:30022/'],
  ])('%j is %s', (forward, address) => {
    expect(addressFor(forward)).toBe(address);
  });

  it("a web page never gets the console's own name, whose cookies a browser sends to every port", () => {
    const web = { ...at, target: { port: 80 } };
    expect(addressFor(web)).toBe('http://port-30022.relay.example:30022/');
    expect(addressFor({ ...at, target: { port: 443 } })).toBe('https://port-30022.relay.example:30022/');
    expect(addressFor({ ...web, host: 'localhost', domain: 'localhost' })).toBe(
      'http://port-30022.localhost:30022/',
    );
  });
});
