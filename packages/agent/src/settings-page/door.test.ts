import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Credentials, forgetPassword } from './credentials.ts';
import { enter } from './door.ts';
import { isOwnHost, isSameOrigin, sessionCookie } from './request.ts';
import { Sessions } from './sessions.ts';
import { Tries } from './tries.ts';

let folder: string;
let now = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'porchlight-door-'));
  now = 0;
});
afterEach(() => rm(folder, { recursive: true }));

const form = (fields: Record<string, string>) => new URLSearchParams(fields);

describe('the door of the settings page', () => {
  it('is claimed once, with the code in any spelling, and then opens with the password', async () => {
    const credentials = await Credentials.open(folder);
    const sessions = new Sessions(() => now);
    const parts = { credentials, sessions, tries: new Tries(() => now) };
    const code = credentials.claimCode ?? '';
    expect(code).toMatch(/^[B-Z2-9]{4}-[B-Z2-9]{4}$/);
    const fields = form({ code: code.toLowerCase().replace('-', ' '), password: 'a long password' });
    const claim = { path: '/claim', form: fields, address: '127.0.0.1' };
    const entered = await enter(claim, parts);
    expect('secret' in entered && sessions.find(entered.secret)).toBeTruthy();
    expect(credentials.claimCode).toBeUndefined();
    expect(await enter(claim, parts)).toHaveProperty('refused');
    const file = join(folder, 'settings-page.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).not.toContain('long password');

    const again = await Credentials.open(folder);
    expect(again.claimCode).toBeUndefined();
    expect(await again.isPassword('a long password')).toBe(true);
    expect(await again.isPassword('a long passwore')).toBe(false);
    expect(await again.isPassword('a'.repeat(10_000))).toBe(false);
  });

  it('stands guessing for a moment only, and a guesser keeps nobody else waiting', async () => {
    const credentials = await Credentials.open(folder);
    const parts = { credentials, sessions: new Sessions(() => now), tries: new Tries(() => now) };
    const fields = form({ code: 'AAAA-AAAA', password: 'x' });
    const guess = (address = '192.168.1.66') => enter({ path: '/claim', form: fields, address }, parts);
    const wrong = { refused: expect.stringContaining('not the code') };
    for (let n = 0; n < 5; n += 1) expect(await guess()).toEqual(wrong);
    expect(await guess()).toEqual({ refused: 'Too many tries; wait 6 s.', waitMs: 6_000 });
    expect(await guess('192.168.1.2')).toEqual(wrong);
    now = 6_000;
    expect(await guess()).toEqual(wrong);
    expect(await guess()).toHaveProperty('waitMs', 6_000);
  });

  it('forgets its password when somebody at the device says so, and has another code then', async () => {
    const credentials = await Credentials.open(folder);
    const first = credentials.claimCode;
    await credentials.setPassword('a long password');
    expect(await credentials.look()).toBe(false);
    expect(await forgetPassword(folder)).toBe(true);
    expect(await forgetPassword(folder)).toBe(false);
    expect(await credentials.look()).toBe(true);
    expect(await credentials.isPassword('a long password')).toBe(false);
    expect(credentials.claimCode).toMatch(/^[B-Z2-9]{4}-[B-Z2-9]{4}$/);
    expect(credentials.claimCode).not.toBe(first);
    await credentials.setPassword('another password');
    await writeFile(join(folder, 'settings-page.json'), 'rubbish');
    await expect(credentials.look()).rejects.toThrow(/damaged/);
    expect(await credentials.isPassword('another password')).toBe(true);
  });

  it('says that its file is damaged rather than to open', async () => {
    await writeFile(join(folder, 'settings-page.json'), '{"salt":1}');
    await expect(Credentials.open(folder)).rejects.toThrow(/damaged/);
  });
});

describe('sessions', () => {
  it('end by time, by hand, and when there are too many', () => {
    const sessions = new Sessions(() => now);
    const first = sessions.begin();
    expect(sessions.find(first)?.formToken).toMatch(/^[\w-]{22}$/);
    now = 12 * 3600_000;
    expect(sessions.find(first)).toBeUndefined();
    const second = sessions.begin();
    for (let n = 0; n < 20; n += 1) sessions.begin();
    expect(sessions.find(second)).toBeUndefined();
    const third = sessions.begin();
    sessions.end(third);
    expect(sessions.find(third)).toBeUndefined();
  });
});

describe('a request', () => {
  it.each(['127.0.0.1:8094', '192.168.1.5', '[fd00::5]:8094', 'localhost', 'emonpi', 'EMONPI.local.:80'])(
    'may call the page %s',
    (host) => expect(isOwnHost(host, ['emonpi'])).toBe(true),
  );
  it.each([
    undefined,
    '',
    'evil.example',
    'emonpi.evil.example',
    'local',
    '127.0.0.1.evil.example',
    'x'.repeat(400),
  ])('may not call it %s', (host) => expect(isOwnHost(host, ['emonpi'])).toBe(false));

  const request = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage;
  it('changes something only from the page itself', () => {
    const host = '192.168.1.5:8094';
    expect(isSameOrigin(request({ host, origin: `http://${host}` }))).toBe(true);
    expect(isSameOrigin(request({ host, 'sec-fetch-site': 'same-origin' }))).toBe(true);
    expect(isSameOrigin(request({ host }))).toBe(false);
    expect(isSameOrigin(request({ host, origin: 'null' }))).toBe(false);
    expect(isSameOrigin(request({ host, origin: 'http://192.168.1.5' }))).toBe(false);
    expect(isSameOrigin(request({ host, origin: `http://${host}`, 'sec-fetch-site': 'same-site' }))).toBe(
      false,
    );
  });

  it('has its session in one cookie of the right form', () => {
    const secret = 'a'.repeat(43);
    expect(sessionCookie(request({ cookie: `x=1; porchlight_settings=${secret}` }))).toBe(secret);
    expect(sessionCookie(request({ cookie: `xporchlight_settings=${secret}` }))).toBeUndefined();
    expect(sessionCookie(request({ cookie: 'porchlight_settings=short' }))).toBeUndefined();
  });
});
