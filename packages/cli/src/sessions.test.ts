import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Finished,
  type JsonLine,
  type RunningProgram,
  request,
  runPorchlight,
  startPorchlight,
} from '@porchlight/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

// Whole sessions: a dozen programs one after the other, and a relay that looks for changes every ten seconds.
vi.setConfig({ testTimeout: 180_000 });

describe('from the first start to the doctor', () => {
  let folder: string;
  let relay: RunningProgram;
  let origin: string;
  let cookie: string;
  let program: Server;
  let agent: RunningProgram | undefined;

  const relayData = () => join(folder, 'relay');
  const porchlight = (...args: string[]): Promise<Finished> =>
    runPorchlight(args, { env: { PORCHLIGHT_DATA: join(folder, 'agent') } });
  const api = (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(new URL(path, origin), {
      method,
      headers: { origin, ...(cookie === undefined ? {} : { cookie }), 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const status = async (): Promise<JsonLine> =>
    JSON.parse((await porchlight('agent', 'status', '--json')).stdout);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porchlight-cli-'));
    program = createServer((_req, res) => res.end('hello'));
    await new Promise<void>((resolve) => program.listen(0, '127.0.0.1', resolve));
    const ports = ['--http', '0', '--https', '0', '--ssh', '0'];
    relay = startPorchlight(['relay', '--data', relayData(), ...ports, '--log', 'json']);
    origin = String((await relay.json((line) => line['msg'] === 'relay ready'))['origin']);
  });
  afterAll(async () => {
    await agent?.stop();
    await relay.stop();
    program.close();
    await rm(folder, { recursive: true });
  });

  it('the first start prints the link that makes the first account', async () => {
    const { url } = await relay.json((line) => line['event'] === 'set-up link');
    const token = new URL(String(url)).searchParams.get('token');
    const made = await api('POST', '/api/setup', { token, name: 'alice', password: 'correct horse' });
    expect(made.status).toBe(201);
    cookie = made.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect(await (await api('GET', '/api/me')).json()).toMatchObject({ account: { name: 'alice' } });
  });

  it('a device joins when a person allows the code that both sides show', async () => {
    const joining = startPorchlight(['agent', 'join', origin, '--account', 'alice', '--name', 'robot'], {
      env: { PORCHLIGHT_DATA: join(folder, 'agent'), PORCHLIGHT_JSON: 'yes' },
    });
    const { code } = await joining.json((line) => line['state'] === 'pending');
    const { items } = await (await api('GET', '/api/join-requests')).json();
    expect(items).toMatchObject([{ code, name: 'robot' }]);
    const allowed = await api('POST', `/api/join-requests/${items[0].id}/allow`, { code, name: 'robot' });
    expect(allowed.status).toBe(200);
    expect(await joining.json((line) => line['state'] === 'joined')).toMatchObject({ device: 'robot' });
    expect(await joining.ended).toEqual({ code: 0, signal: null });
  });

  it('exposes, runs, and tells its status', async () => {
    const { port } = program.address() as AddressInfo;
    const exposed = await porchlight('agent', 'expose', 'web', `http://127.0.0.1:${port}`);
    expect(exposed).toMatchObject({ code: 0, stdout: expect.stringContaining('when the agent runs') });
    agent = startPorchlight(['agent', 'run'], { env: { PORCHLIGHT_DATA: join(folder, 'agent') } });
    await agent.json((line) => line['msg'] === 'link up');
    const told = await porchlight('agent', 'status', '--json');
    expect(told.code).toBe(0);
    expect(JSON.parse(told.stdout)).toMatchObject({
      name: 'robot',
      link: { state: 'up' },
      services: [{ name: 'web' }],
    });
    expect((await porchlight('agent', 'status')).stdout).toMatch(
      /^Device {2}robot at localhost\nLink +up for/,
    );
    const more = await porchlight('agent', 'expose', 'ssh', 'tcp://127.0.0.1:22', '--json');
    expect(JSON.parse(more.stdout)).toMatchObject({
      live: true,
      services: [{ name: 'web' }, { name: 'ssh' }],
    });
    expect((await porchlight('agent', 'unexpose', 'ssh')).code).toBe(0);
    expect((await status())['services']).toHaveLength(1);
  });

  it('pauses and resumes, with and without a running agent', async () => {
    expect(await porchlight('agent', 'pause')).toMatchObject({
      code: 0,
      stdout: 'paused: nobody gets in until "porchlight agent resume"\n',
    });
    expect(await status()).toMatchObject({ paused: true });
    expect((await porchlight('agent', 'resume')).code).toBe(0);
    expect(await status()).toMatchObject({ paused: false });
    expect(await agent?.stop()).toEqual({ code: 0, signal: null });
    expect((await porchlight('agent', 'pause')).code).toBe(0);
    agent = startPorchlight(['agent', 'run'], { env: { PORCHLIGHT_DATA: join(folder, 'agent') } });
    await agent.json((line) => line['msg'] === 'link up');
    expect(await status()).toMatchObject({ paused: true });
    expect((await porchlight('agent', 'resume')).code).toBe(0);
  });

  it('checks a policy and says which line decides', async () => {
    const policy = join(folder, 'new-policy');
    await writeFile(policy, 'service web\n  allow GET /open/** add header X-Key=$key\n  deny * /secret\n');
    const check = await porchlight('agent', 'policy', 'check', policy);
    expect(check).toMatchObject({ code: 0, stdout: expect.stringContaining('can be used') });
    const tryOut = (...args: string[]) =>
      porchlight('agent', 'policy', 'test', ...args, '--service', 'web', '--policy', policy);
    const allowed = await tryOut('GET', '/open/door');
    expect(allowed).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^allow\n.*new-policy:2: allow GET/),
    });
    expect(allowed.stdout).toContain('X-Key: (key)');
    const denied = await tryOut('POST', '/secret', '--json');
    expect(denied.code).toBe(1);
    expect(JSON.parse(denied.stdout)).toMatchObject({ decision: 'deny', line: 3 });
    await writeFile(policy, 'service web\n  allow GTE /open\n  allow GET\n');
    const broken = await porchlight('agent', 'policy', 'check', policy, '--json');
    expect(broken.code).toBe(1);
    const { problems } = JSON.parse(broken.stdout);
    expect(problems[0]).toMatchObject({ line: expect.any(Number), column: expect.any(Number) });
    expect((await porchlight('agent', 'policy', 'check', policy)).stdout).toMatch(
      /new-policy:3:\d+: .+\n {4}hint: /,
    );
  });

  it('the audit tells what was asked, and follows', async () => {
    const following = startPorchlight(['agent', 'audit', '--follow', '--json'], {
      env: { PORCHLIGHT_DATA: join(folder, 'agent') },
    });
    await following.json((line) => line['event'] === 'link up');
    const url = new URL('/open?secret=1', origin.replace('//', '//web--robot.'));
    const { items } = await (await api('GET', '/api/devices')).json();
    const service = `/api/devices/${items[0].id}/services/web`;
    expect((await api('PATCH', service, { access: 'public' })).status).toBe(200);
    const visited = await request({ port: Number(url.port), host: url.host, path: '/open?secret=1' });
    expect(visited).toMatchObject({ status: 200, body: 'hello' });
    expect(await following.json((line) => line['path'] === '/open')).toMatchObject({ decision: 'allow' });
    expect(await following.stop('SIGINT')).toEqual({ code: 0, signal: null });
    const of = await porchlight('agent', 'audit', '--service', 'web', '--last', '1');
    expect(of).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\S+Z {2}allow {2}web {2}- {2}GET {2}\/open\n$/),
    });
    expect(await porchlight('agent', 'audit', '--denied')).toMatchObject({ code: 0, stdout: '' });
  });

  it('a service is published under a path while the relay runs, and ended again', async () => {
    const path = (...args: string[]) => porchlight('relay', 'path', ...args, '--data', relayData());
    expect(await path('add', 'robot/web', 'robots/one', '--strip')).toMatchObject({
      ...{ code: 0, stdout: 'published robot/web under /robots/one/\n' },
    });
    expect(await path('add', 'robot/web', '/robots/one')).toMatchObject({
      ...{ code: 1, stderr: expect.stringContaining('/robots/one is published already') },
    });
    expect(await path('add', 'robot', '/x')).toMatchObject({ code: 1 });
    expect((await path('add', 'robot/web', '/api')).stderr).toContain('a path of the console');
    expect((await path('list')).stdout).toMatch(/\/robots\/one +robot\/web +alice +prefix removed/);
    const { port } = new URL(origin);
    const host = `paths.localhost:${port}`;
    const visited = await request({ port: Number(port), host, path: '/robots/one/open' });
    expect(visited).toMatchObject({ status: 200, body: 'hello' });
    expect((await path('remove', '/robots/one')).code).toBe(0);
    expect(JSON.parse((await path('list', '--json')).stdout)).toEqual([]);
  });

  it('the doctor finds nothing wrong, and then what is wrong', async () => {
    const well = await porchlight('agent', 'doctor', '--json');
    expect(JSON.parse(well.stdout).filter((each: JsonLine) => each['result'] === 'failed')).toEqual([]);
    expect(well.code).toBe(0);
    await new Promise((resolve) => program.close(resolve));
    const ill = await porchlight('agent', 'doctor');
    expect(ill).toMatchObject({ code: 1, stdout: expect.stringContaining('FAIL  service web') });
  });

  it('an enrolment token lets a device in, and a revoked one does not', async () => {
    const where = ['--data', relayData()];
    const made = await porchlight(
      'relay',
      'token',
      'add',
      'alice',
      '--note',
      'bench',
      '--tag',
      'a',
      ...where,
    );
    expect(made).toMatchObject({ code: 0, stderr: expect.stringMatching(/^good for 1 device until 20/) });
    const device = ['--data', join(folder, 'second')];
    const joined = await porchlight('agent', 'join', origin, '--token', made.stdout.trim(), ...device);
    expect(joined).toMatchObject({ code: 0, stderr: '' });
    const listed = await porchlight('relay', 'token', 'list', '--json', ...where);
    const [token] = JSON.parse(listed.stdout);
    expect(token).toMatchObject({ account: 'alice', note: 'bench', tags: ['a'], usesLeft: 0, used: 1 });
    expect(listed.stdout).not.toMatch(/hash/i);
    const second = await porchlight('relay', 'token', 'add', 'alice', '--json', ...where);
    const { id, token: secret } = JSON.parse(second.stdout);
    expect((await porchlight('relay', 'token', 'revoke', id, ...where)).code).toBe(0);
    expect(await porchlight('relay', 'token', 'revoke', id, ...where)).toMatchObject({
      code: 1,
      stderr: `error: there is no enrolment token "${id}"\nhint: porchlight relay token list shows them\n`,
    });
    const third = ['--data', join(folder, 'third')];
    const refused = await porchlight('agent', 'join', origin, '--token', secret, ...third);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^error: the relay refused \(.+\)\nhint: .+\n$/);
  });

  it('SSH keys of an account are added, listed and removed beside the running relay', async () => {
    const key = (words: string[], input?: string) =>
      runPorchlight(
        ['relay', 'user', 'key', ...words, '--data', relayData()],
        input === undefined ? {} : { input },
      );
    const line =
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGz1Jm5Yk2UeOqQ1oRg2xJt0dR0oQ9bX8mCqf0Y5mWwL alice@laptop';
    expect(await key(['add', 'alice', '--public-key', '-'], line)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^alice may come in with the key alice@laptop \(SHA256:\S{43}\)\n$/),
    });
    const [added] = JSON.parse((await key(['list', 'alice', '--json'])).stdout);
    expect(added).toMatchObject({ name: 'alice@laptop' });
    const { items } = await (await api('GET', '/api/me/ssh-keys')).json();
    expect(items).toMatchObject([{ id: added.id, fingerprint: added.fingerprint }]);
    const again = await key(['add', 'alice', '--public-key', '-'], line);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('in the account already') });
    expect(await key(['remove', 'alice', 'nosuchid'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no such key'),
    });
    expect((await key(['remove', 'alice', added.id])).code).toBe(0);
    expect(JSON.parse((await key(['list', 'alice', '--json'])).stdout)).toEqual([]);
  });

  it('a device is enrolled by its public key, blocked and removed beside the running relay', async () => {
    const device = (words: string[], input?: string) =>
      runPorchlight(
        ['relay', 'device', ...words, '--data', relayData()],
        input === undefined ? {} : { input },
      );
    const key =
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPEQKbVo9W8SXkkW0GKDt841LAWghvW9rCS74Qcn7BUW root@router1';
    const file = join(folder, 'router1.pub');
    await writeFile(file, `${key}\n`);
    const made = await device([
      'add',
      'router1',
      '--account',
      'alice',
      '--public-key',
      file,
      '--tag',
      'attic',
    ]);
    expect(made).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^enrolled router1 \(SHA256:\S{43}\); /),
    });
    const { items } = await (await api('GET', '/api/devices?search=router1')).json();
    expect(items).toMatchObject([{ name: 'router1', tags: ['attic'], link: { up: false }, blocked: false }]);

    const again = await device(['add', 'router2', '--account', 'alice', '--public-key', '-'], key);
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the key of the device router1'),
    });
    const wrong = await device(['add', 'router2', '--account', 'alice', '--public-key', '-'], 'hello');
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: That is no public key/) });
    const nobody = await device(['add', 'router2', '--account', 'carol', '--public-key', file]);
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no account "carol"') });
    const none = await device(['add', 'router2', '--account', 'alice', '--public-key', `${file}.none`]);
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('ENOENT') });

    expect(await device(['block', 'router1'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^blocked router1/),
    });
    const listed = JSON.parse((await device(['list', '--account', 'alice', '--json'])).stdout);
    expect(listed.slice(0, 2)).toMatchObject([
      { name: 'robot' },
      { name: 'router1', account: 'alice', blocked: true },
    ]);
    expect((await device(['list'])).stdout).toMatch(
      /^NAME +ACCOUNT.*\n(?:.*\n)*router1 +alice +blocked +attic +SHA256:/,
    );
    expect((await device(['unblock', 'router1'])).stdout).toMatch(/^unblocked router1/);
    expect((await device(['unblock', 'router1'])).stdout).toBe('router1 was not blocked\n');
    expect(await device(['remove', 'router1'])).toMatchObject({ code: 2 });
    expect(await device(['remove', 'router1', '--yes'])).toMatchObject({ code: 0 });
    expect(await device(['remove', 'router1', '--yes'])).toMatchObject({
      code: 1,
      stderr: 'error: there is no device "router1"\nhint: porchlight relay device list shows them\n',
    });
    const audit = await (await api('GET', '/api/audit?actor=command line')).json();
    const actions = audit.items.map(({ action }: { action: string }) => action);
    expect(actions.slice(0, 4)).toEqual([
      'device.removed',
      'device.unblocked',
      'device.blocked',
      'device.enrolled',
    ]);
  });

  it('accounts are made, changed and removed beside the running relay', async () => {
    const user = (words: string[], input?: string) =>
      runPorchlight(['relay', 'user', ...words, '--data', relayData()], input === undefined ? {} : { input });
    expect(await user(['add', 'bob', '--password-stdin'], 'battery staple\n')).toMatchObject({ code: 0 });
    const again = await user(['add', 'bob', '--password-stdin'], 'battery staple\n');
    expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: .*taken\nhint: /) });
    const signIn = (password: string) => api('POST', '/api/sign-in', { name: 'bob', password });
    expect((await signIn('battery staple')).status).toBe(200);
    expect(await user(['password', 'bob', '--password-stdin'], 'staple battery')).toMatchObject({ code: 0 });
    expect((await signIn('battery staple')).status).toBe(401);
    expect(await user(['role', 'bob', 'admin'])).toMatchObject({ code: 0, stdout: 'bob is admin now\n' });
    expect(JSON.parse((await user(['list', '--json'])).stdout)).toMatchObject([
      { name: 'alice', role: 'admin' },
      { name: 'bob', role: 'admin' },
    ]);
    expect(await user(['remove', 'bob'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--yes'),
    });
    expect(await user(['remove', 'bob', '--yes'])).toMatchObject({ code: 0 });
    expect(await user(['role', 'alice', 'member'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('last admin'),
    });
  });
});
