import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FakeClock } from '@porchlight/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SecretStore } from '../config/index.ts';
import { type Logger, silentLogger } from '../telemetry/index.ts';
import { makeAuthority, makeLeaf, readAuthority } from './certificates.ts';
import { openLocalAuthority } from './local-authority.ts';
import { closeAll, dial, listen, recorder, serialSeen, toClose } from './tls-peers.ts';

const run = promisify(execFile);
const DAY = 86_400_000;
const now = Date.now();

function memorySecrets(): SecretStore {
  const kept = new Map<string, string>();
  return {
    get: async (name) => kept.get(name),
    getOrInsert: async (name, value) => kept.get(name) ?? (kept.set(name, value), value),
    set: async (name, value) => void kept.set(name, value),
    remove: async (name) => void kept.delete(name),
  };
}

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-tls-'));
});

afterEach(async () => {
  closeAll();
  rmSync(folder, { recursive: true, force: true });
});

describe('the local authority', () => {
  const open = (domain: string, over: { clock?: FakeClock; secrets?: SecretStore; logger?: Logger } = {}) =>
    openLocalAuthority({
      domain,
      secrets: over.secrets ?? memorySecrets(),
      clock: over.clock ?? new FakeClock(now),
      logger: over.logger ?? silentLogger,
    });

  it('vouches for the domain and each name below it, as node sees it', async () => {
    const source = await open('relay.example');
    const { port } = await listen(source);
    for (const name of ['relay.example', 'web--zumi01.relay.example']) {
      expect((await dial(port, name, source.caPem())).authorized).toBe(true);
    }
    await expect(dial(port, 'other.example', source.caPem())).rejects.toThrow(/altnames/);
  });

  it.each([
    ['localhost', 'paths.localhost'],
    ['relay.example', 'paths.relay.example'],
    ['relay.example', 'deep.paths.relay.example'],
  ])('vouches for the host for path routes of %s, %s', async (domain, pathsHost) => {
    const parts = {
      domain,
      pathsHost,
      secrets: memorySecrets(),
      clock: new FakeClock(now),
      logger: silentLogger,
    };
    const source = await openLocalAuthority(parts);
    const { port } = await listen(source);
    expect((await dial(port, pathsHost, source.caPem())).authorized).toBe(true);
  });

  it.each(['localhost', 'relay.example'])('satisfies curl and openssl for %s', async (domain) => {
    const source = await open(domain);
    const server = createHttpsServer(source.serverOptions(), (_, response) => response.end('hello'));
    toClose.push(
      source.keepFresh(server),
      () => server.close(),
      () => source.close(),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ca = join(folder, 'ca.pem');
    writeFileSync(ca, source.caPem() ?? '');
    for (const name of [domain, `web--zumi01.${domain}`]) {
      const resolve = `${name}:${port}:127.0.0.1`;
      const { stdout } = await run('curl', [
        '-sS',
        '--cacert',
        ca,
        '--resolve',
        resolve,
        `https://${name}:${port}/`,
      ]);
      expect(stdout).toBe('hello');
    }
    if (domain === 'localhost') {
      const { stdout } = await run('curl', ['-sS', '--cacert', ca, `https://127.0.0.1:${port}/`]);
      expect(stdout).toBe('hello');
    }
    const leaf = join(folder, 'leaf.pem');
    writeFileSync(leaf, source.serverOptions().cert);
    const { stdout } = await run('openssl', [
      'verify',
      '-x509_strict',
      '-purpose',
      'sslserver',
      '-CAfile',
      ca,
      leaf,
    ]);
    expect(stdout).toContain(': OK');
    await run('openssl', ['x509', '-in', ca, '-noout', '-checkend', String(9 * 365 * 86_400)]);
    await expect(
      run('openssl', ['x509', '-in', leaf, '-noout', '-checkend', String(397 * 86_400)]),
    ).rejects.toThrow();
  });

  it('cannot vouch for anything else, whoever gets hold of its key', async () => {
    const ca = join(folder, 'ca.pem');
    const verify = async (domain: string, names: Parameters<typeof makeLeaf>[1]) => {
      const authority = readAuthority(await makeAuthority(domain, now));
      const leaf = join(folder, 'leaf.pem');
      writeFileSync(ca, authority.certificate);
      writeFileSync(leaf, (await makeLeaf(authority, names, now)).certificate);
      return run('openssl', ['verify', '-purpose', 'sslserver', '-CAfile', ca, leaf]);
    };
    await expect(verify('relay.example', [{ type: 'dns', value: 'a.relay.example' }])).resolves.toBeDefined();
    for (const [domain, type, value] of [
      ['relay.example', 'dns', 'bank.example'],
      ['relay.example', 'dns', 'evilrelay.example'],
      ['relay.example', 'ip', '192.0.2.1'],
      ['relay.example', 'ip', '2001:db8::1'],
      ['localhost', 'dns', 'bank.example'],
      ['localhost', 'ip', '192.0.2.1'],
    ] as const) {
      await expect(verify(domain, [{ type, value }]), value).rejects.toMatchObject({
        stderr: expect.stringMatching(/permitted subtree violation|excluded subtree violation/),
      });
    }
  });

  it('stays the same over restarts, and for every relay on the database', async () => {
    const secrets = memorySecrets();
    const sources = await Promise.all([
      open('relay.example', { secrets }),
      open('relay.example', { secrets }),
    ]);
    expect(new Set(sources.map((source) => source.caPem())).size).toBe(1);
    expect((await open('other.example', { secrets })).caPem()).not.toBe(sources[0]?.caPem());
  });

  it('renews the certificate by itself, and open connections do not notice', async () => {
    const clock = new FakeClock(now);
    const source = await open('relay.example', { clock });
    const { port } = await listen(source);
    const before = await dial(port, 'relay.example', source.caPem());
    const old = await serialSeen(port);
    const renewed = new Promise<void>((resolve) => void source.onChange(resolve));
    // The day comes as one jump, as after a suspended machine wakes.
    await clock.advance(3_600_000 - 1);
    expect(await serialSeen(port)).toBe(old);
    Object.defineProperty(clock, 'now', { value: () => now + 370 * DAY });
    await clock.advance(1);
    await renewed;
    expect(await serialSeen(port)).not.toBe(old);
    before.write('still here');
    expect(String((await once(before, 'data'))[0])).toBe('still here');
    source.close();
    expect(clock.waiting).toBe(0);
  });

  it('makes a new authority when the kept one is out of its time, as after a boot with a wrong clock', async () => {
    const secrets = memorySecrets();
    const early = await open('relay.example', { secrets, clock: new FakeClock(0) });
    const { logger, events } = recorder();
    const source = await open('relay.example', { secrets, logger });
    expect(source.caPem()).not.toBe(early.caPem());
    expect(events[0]).toContain('certificate authority out of its time');
    const validFrom = new X509Certificate(source.caPem() ?? '').validFrom;
    expect(Date.parse(validFrom)).toBeLessThanOrEqual(now - DAY);
  });
});
