import { X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openAuthority, ServerCertificate } from './index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'porchlight-ca-'));
});
afterEach(() => rm(folder, { recursive: true }));

const NOW = Date.UTC(2026, 10, 22);

it('is made once, kept closed to others, and valid for those without a clock', async () => {
  const made = await openAuthority(folder, NOW);
  expect((await openAuthority(folder, NOW + 1)).certificate).toBe(made.certificate);
  const file = join(folder, 'base-station-authority.pem');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const { ca, validFrom, validTo } = new X509Certificate(made.certificate);
  expect([ca, Date.parse(validFrom), new Date(validTo).getUTCFullYear()]).toEqual([
    true,
    1577836800000,
    2056,
  ]);
  await chmod(file, 0o644);
  await expect(openAuthority(folder, NOW)).rejects.toThrow(/chmod 600/);
  await chmod(file, 0o600);
  await writeFile(file, 'rubbish');
  await expect(openAuthority(folder, NOW)).rejects.toThrow(/no authority of ours/);
});

it('signs for the addresses that there are, and anew when they change', async () => {
  const authority = await openAuthority(folder, NOW);
  let address = '192.168.1.20';
  const names = () => [
    { type: 'ip' as const, value: address },
    { type: 'dns' as const, value: 'base.local' },
  ];
  const certificate = await ServerCertificate.make(authority, names);
  const before = certificate.pair;
  expect(await certificate.look()).toBe(false);
  expect(certificate.pair).toBe(before);
  address = '10.0.0.7';
  expect(await certificate.look()).toBe(true);
  const read = (chain: string) => new X509Certificate(chain);
  expect(read(before.chain).checkIP('192.168.1.20')).toBe('192.168.1.20');
  const now = read(certificate.pair.chain);
  expect([now.checkIP('192.168.1.20'), now.checkIP('10.0.0.7'), now.checkHost('base.local')]).toEqual([
    undefined,
    '10.0.0.7',
    'base.local',
  ]);
  expect(now.verify(read(authority.certificate).publicKey)).toBe(true);
  expect(now.checkIssued(read(authority.certificate))).toBe(true);
});
