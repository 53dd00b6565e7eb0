import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RequiredProgram, requireProgram } from './debian.ts';
import { type RunningProgram, runProgram, startScript } from './processes.ts';

/** Files in /etc/netns/NAME take the place of those in /etc for programs in the namespace (ip-netns(8)). */
const ETC = '/etc/netns';
const PREFIX = 'pltest';
const RELAY = '203.0.113.1';
const ROUTER = '203.0.113.2';
const VISITOR = '198.51.100.2';

/**
 * A small internet of network namespaces, with the usual home behind a router:
 *
 *     visitor 198.51.100.2 ── relay 203.0.113.1 ── router 203.0.113.2 ═ NAT ═ 192.168.77.1 ─┬─ home 192.168.77.2
 *                                                                                           └─ barn 192.168.77.3
 */
export interface Networks {
  readonly relay: string;
  readonly router: string;
  readonly home: string;
  readonly barn: string;
  readonly visitor: string;
  readonly relayAddress: string;
  /** Runs a program in a namespace. @throws Error with what it said, when it fails */
  run(netns: string, command: string, ...args: string[]): Promise<string>;
  /** Replaces the router's rules for what it forwards and redirects; nft(8) statements, without the NAT itself. */
  rules(wish: { readonly forward?: readonly string[]; readonly redirect?: readonly string[] }): Promise<void>;
  /** Starts a middlebox (see middlebox-program.ts) on the router. */
  middlebox(...args: string[]): Promise<RunningProgram>;
  /** Removes everything, and ends what still runs inside. Idempotent. */
  close(): Promise<void>;
}

/** Whether namespaces can be had here; otherwise why not. */
export async function requireNetworks(): Promise<RequiredProgram> {
  const ip = await requireProgram('ip', 'iproute2');
  if (ip.missing !== undefined) return ip;
  const nft = await requireProgram('nft', 'nftables');
  if (nft.missing !== undefined) return nft;
  const probe = `${PREFIX}${process.pid}x`;
  const made = await runProgram('ip', ['netns', 'add', probe]);
  if (made.code === 0) {
    await runProgram('ip', ['netns', 'del', probe]);
    return ip;
  }
  const missing = `network namespaces need root and CAP_SYS_ADMIN: ${made.stderr.trim()}`;
  if (process.env['CI'] === 'true') throw new Error(missing);
  return { missing };
}

/** Builds the networks; `names` are host names that lead to the relay everywhere. Close them at the end. */
export async function openNetworks(names: readonly string[]): Promise<Networks> {
  await removeLeftovers();
  const made: string[] = [];
  const must = async (command: string, args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runProgram(command, args);
    if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`);
    return stdout;
  };
  const ip = (netns: string, ...args: string[]) => must('ip', ['-n', netns, ...args]);
  const run = (netns: string, command: string, ...args: string[]) =>
    must('ip', ['netns', 'exec', netns, command, ...args]);
  const programs: RunningProgram[] = [];
  const close = async (): Promise<void> => {
    for (const program of programs.splice(0)) await program.stop('SIGKILL');
    for (const netns of made.splice(0)) await remove(netns);
  };
  const namespace = async (role: string): Promise<string> => {
    const netns = `${PREFIX}${process.pid}${role}`;
    await must('ip', ['netns', 'add', netns]);
    made.push(netns);
    const folder = join(ETC, netns);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'hosts'), `127.0.0.1 localhost\n${RELAY} ${names.join(' ')}\n`);
    await ip(netns, 'link', 'set', 'lo', 'up');
    return netns;
  };
  const wire = async (a: [string, string, string], b: [string, string, string]): Promise<void> => {
    await ip(a[0], 'link', 'add', a[1], 'type', 'veth', 'peer', 'name', b[1], 'netns', b[0]);
    for (const [netns, name, address] of [a, b]) {
      if (address !== '') await ip(netns, 'addr', 'add', address, 'dev', name);
      await ip(netns, 'link', 'set', name, 'up');
    }
  };
  const rules: Networks['rules'] = async ({ forward = [], redirect = [] }) => {
    const ruleset = [
      'flush ruleset',
      'table ip plt {',
      'chain passing { type filter hook forward priority 0;',
      ...forward,
      '}',
      'chain arriving { type nat hook prerouting priority -100;',
      ...redirect,
      '}',
      'chain leaving { type nat hook postrouting priority 100;',
      'oifname "wan" masquerade',
      '}',
      '}',
    ].join('\n');
    const { code, stderr } = await runProgram('nft', ['-f', '-'], { netns: router, input: ruleset });
    if (code !== 0) throw new Error(`nft: ${stderr}`);
  };
  let router = '';
  try {
    const relay = await namespace('relay');
    router = await namespace('router');
    const home = await namespace('home');
    const barn = await namespace('barn');
    const visitor = await namespace('visitor');
    await wire([relay, 'wan', `${RELAY}/24`], [router, 'wan', `${ROUTER}/24`]);
    await wire([relay, 'net', '198.51.100.1/24'], [visitor, 'net', `${VISITOR}/24`]);
    await ip(visitor, 'route', 'add', 'default', 'via', '198.51.100.1');
    await ip(router, 'link', 'add', 'lan', 'type', 'bridge');
    await ip(router, 'addr', 'add', '192.168.77.1/24', 'dev', 'lan');
    await ip(router, 'link', 'set', 'lan', 'up');
    for (const [netns, port, address] of [
      [home, 'home', '192.168.77.2/24'],
      [barn, 'barn', '192.168.77.3/24'],
    ] as const) {
      await wire([netns, 'eth', address], [router, port, '']);
      await ip(router, 'link', 'set', port, 'master', 'lan');
      await ip(netns, 'route', 'add', 'default', 'via', '192.168.77.1');
    }
    await run(router, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
    await rules({});
    return {
      relay,
      router,
      home,
      barn,
      visitor,
      relayAddress: RELAY,
      run,
      rules,
      async middlebox(...args) {
        const file = join(import.meta.dirname, 'middlebox-program.ts');
        const program = startScript(file, args, { netns: router });
        programs.push(program);
        await program.json((line) => line['msg'] === 'middlebox ready');
        return program;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function remove(netns: string): Promise<void> {
  const { stdout } = await runProgram('ip', ['netns', 'pids', netns]);
  for (const pid of stdout.split('\n').map(Number)) if (pid > 0) end(pid);
  await runProgram('ip', ['netns', 'del', netns]);
  rmSync(join(ETC, netns), { recursive: true, force: true });
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It has ended by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** What a test process that was killed could not remove. */
async function removeLeftovers(): Promise<void> {
  const { stdout } = await runProgram('ip', ['netns', 'list']);
  for (const line of stdout.split('\n')) {
    const name = line.split(' ')[0] ?? '';
    const pid = new RegExp(`^${PREFIX}(\\d+)[a-z]+$`).exec(name)?.[1];
    if (pid !== undefined && !readdirSync('/proc').includes(pid)) await remove(name);
  }
}
