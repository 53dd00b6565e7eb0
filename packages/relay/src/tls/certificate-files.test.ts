import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@porchlight/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { ConfigError } from '../config/index.ts';
import { type Logger, silentLogger } from '../telemetry/index.ts';
import { openCertificateFiles } from './certificate-files.ts';
import { makeAuthority, makeLeaf, readAuthority } from './certificates.ts';
import { closeAll, dial, listen, recorder, serialSeen } from './tls-peers.ts';
import type { TlsSource } from './tls-source.ts';

const DAY = 86_400_000;
const now = Date.now();

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-tls-'));
});

afterEach(async () => {
  closeAll();
  rmSync(folder, { recursive: true, force: true });
});

describe('a certificate from files', () => {
  const paths = () => ({ certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') });

  async function makePair(domain = 'relay.example', at = now) {
    const authority = readAuthority(await makeAuthority(domain, at));
    return makeLeaf(
      authority,
      [
        { type: 'dns', value: domain },
        { type: 'dns', value: `*.${domain}` },
      ],
      at,
    );
  }

  async function put(pair: { certificate: string; key: string }) {
    writeFileSync(paths().certificate, pair.certificate);
    writeFileSync(paths().key, pair.key);
  }

  const open = (
    over: { clock?: typeof systemClock; logger?: Logger; certificate?: string; key?: string } = {},
  ) =>
    openCertificateFiles({
      ...paths(),
      domain: 'relay.example',
      clock: systemClock,
      logger: silentLogger,
      ...over,
    });

  const changed = (source: TlsSource) => new Promise<void>((resolve) => void source.onChange(resolve));

  it('is served, and replaced without dropping connections when the files change', async () => {
    await put(await makePair());
    const source = await open();
    const { port } = await listen(source);
    const before = await dial(port, 'relay.example', undefined);
    const old = await serialSeen(port);
    const reloaded = changed(source);
    await put(await makePair());
    await reloaded;
    expect(await serialSeen(port)).not.toBe(old);
    expect((await dial(port, 'relay.example', undefined)).getPeerCertificate().serialNumber).not.toBe(old);
    before.write('still here');
    expect(String((await once(before, 'data'))[0])).toBe('still here');
    expect(source.caPem()).toBeUndefined();
  });

  it('is reloaded when a symbolic link elsewhere is swapped, as certbot does', async () => {
    for (const version of ['1', '2']) {
      const pair = await makePair();
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'cert.pem'), pair.certificate);
      writeFileSync(join(folder, version, 'key.pem'), pair.key);
    }
    symlinkSync('1', join(folder, 'live'));
    const clock = new FakeClock(now);
    const live = { certificate: join(folder, 'live', 'cert.pem'), key: join(folder, 'live', 'key.pem') };
    const source = await open({ ...live, clock });
    const { port } = await listen(source);
    const old = await serialSeen(port);
    symlinkSync('2', join(folder, 'next'));
    renameSync(join(folder, 'next'), join(folder, 'live'));
    const reloaded = changed(source);
    await clock.advance(10_000);
    await reloaded;
    expect(await serialSeen(port)).not.toBe(old);
    source.close();
    expect(clock.waiting).toBe(0);
  });

  it('keeps the old one when the new one is broken, says so once, and takes the next good one', async () => {
    await put(await makePair());
    const clock = new FakeClock(now);
    let said = () => {};
    const failures: string[] = [];
    const error = (_: object, event: string) => {
      failures.push(event);
      said();
    };
    const logger: Logger = { ...silentLogger, error };
    const source = await open({ clock, logger });
    const { port } = await listen(source);
    const old = await serialSeen(port);
    const failed = new Promise<void>((resolve) => (said = resolve));
    writeFileSync(paths().certificate, (await makePair()).certificate);
    await clock.advance(10_000);
    await failed;
    expect(await serialSeen(port)).toBe(old);
    await clock.advance(30_000);
    expect(failures).toEqual(['new certificate not usable, the old one stays']);
    const seen = { reloaded: false };
    source.onChange(() => (seen.reloaded = true));
    await put(await makePair());
    while (!seen.reloaded) await clock.advance(10_000);
    expect(await serialSeen(port)).not.toBe(old);
  });

  it('stops the start with one line when it cannot be used', async () => {
    const good = await makePair();
    const other = await makePair();
    const failure = async (pair: { certificate: string; key: string }) => {
      await put(pair);
      const error: unknown = await open().then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(error).toBeInstanceOf(ConfigError);
      return (error as Error).message;
    };
    expect(await failure({ ...good, key: other.key })).toContain('do not belong together');
    expect(await failure({ ...good, key: 'rubbish' })).toContain('holds no PEM private key');
    expect(await failure({ ...good, certificate: '' })).toContain('holds no PEM certificate');
    rmSync(paths().key);
    await expect(open()).rejects.toThrow(/key\.pem cannot be read/);
  });

  it('warns of what visitors would stumble over', async () => {
    const warnings = async (pair: { certificate: string; key: string }) => {
      await put(pair);
      const { logger, events } = recorder();
      (await open({ logger })).close();
      return events.join('\n');
    };
    expect(await warnings(await makePair())).toBe('');
    expect(await warnings(await makePair('relay.example', now - 500 * DAY))).toContain('expired on');
    expect(await warnings(await makePair('relay.example', now - 390 * DAY))).toContain('expires on');
    expect(await warnings(await makePair('relay.example', now + 5 * DAY))).toContain('not valid before');
    const foreign = await warnings(await makePair('other.example'));
    expect(foreign).toContain('not for relay.example');
    expect(foreign).toContain('not for *.relay.example');
  });
});
