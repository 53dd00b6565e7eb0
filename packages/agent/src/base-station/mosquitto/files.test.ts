import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requireProgram } from '@porchlight/testkit';
import { expect, it } from 'vitest';
import { type LanDevice, mosquittoHash } from '../devices/index.ts';
import { aclFile, passwordFile } from './files.ts';

const { path: passwd = '', missing } = await requireProgram('mosquitto_passwd', 'mosquitto');

it.skipIf(missing !== undefined)(`makes what mosquitto_passwd makes ${missing ?? ''}`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'porchlight-mosquitto-'));
  try {
    const file = join(folder, 'passwords');
    await promisify(execFile)(passwd, ['-b', '-c', file, 'kitchen', 'a password']);
    const [, hash = ''] = (await readFile(file, 'utf8')).trim().split(':');
    const [, , iterations, salt = ''] = hash.split('$');
    expect(mosquittoHash('a password', Number(iterations), Buffer.from(salt, 'base64'))).toBe(hash);
  } finally {
    await rm(folder, { recursive: true });
  }
});

const device = (username: string, more: Partial<LanDevice> = {}): LanDevice => ({
  ...{ id: username, name: username, way: 'emonesp', address: '10.0.0.5', username, passwordHash: '' },
  ...{ mosquittoHash: `$7$101$${username}`, allowedAt: 1, ...more },
});

it('names each device with its own topics, programs with theirs, and nobody else', () => {
  const accounts = {
    devices: [
      device('kitchen', { node: 'emonesp' }),
      device('gone', { node: 'x', revokedAt: 2 }),
      device('new'),
    ],
    users: [
      { name: 'hub', access: 'write' as const, salt: '', hash: '', mosquittoHash: '$7$10000$h', addedAt: 1 },
      { name: 'ha', access: 'read' as const, salt: '', hash: '', mosquittoHash: '$7$10000$a', addedAt: 1 },
    ],
    ...{ baseTopic: 'emon', ownHash: '$7$101$o' },
  };
  expect(passwordFile(accounts)).toBe(
    'porchlight_base_station:$7$101$o\nkitchen:$7$101$kitchen\nnew:$7$101$new\nhub:$7$10000$h\nha:$7$10000$a\n',
  );
  const acl = aclFile(accounts);
  expect(acl).toContain('user kitchen\ntopic readwrite emon/emonesp/#\n');
  expect(acl).toContain('user hub\ntopic readwrite emon/#\n');
  expect(acl).toContain('user ha\ntopic read emon/#\n');
  expect(acl).not.toMatch(/gone|user new/);
});
