import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runPorchlight, startPorchlight } from '@porchlight/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'porchlight-errors-'));
  await writeFile(join(folder, 'file'), 'no folder');
});
afterAll(() => rm(folder, { recursive: true }));

const inFolder = (text: string): string[] => text.split(' ').map((word) => word.replace('DATA', folder));

/** What is said wrongly, the exit code, and what the lines on standard error say. */
const wrong: [line: string, code: number, says: RegExp, env?: Record<string, string>][] = [
  ['foo', 2, /^error: unknown command 'foo'\nhint: .+\n$/],
  ['agent status --jsno', 2, /^error: unknown option '--jsno'\n.*--json.*\nhint: .+\n$/],
  ['agent join', 2, /^error: missing required argument 'url'\nhint: .+\n$/],
  ['agent join http://example.com --data DATA/a', 2, /^error: .*not encrypted.*\nhint: use https:\/\/\n$/],
  ['agent join http://localhost:1 --data DATA/a', 1, /^error: .*cannot be reached.*\nhint: .+\n$/],
  ['agent join https://relay.example --name No! --data DATA/a', 2, /^error: .*no device name\nhint: .+\n$/],
  ['agent run --data DATA/a', 2, /^error: this device has joined no relay yet\nhint: .+\n$/],
  ['agent run --data DATA/file', 2, /^error: .+\nhint: .+--data\n$/],
  ['agent run', 2, /^error: PORCHLIGHT_LOG_LEVEL: .+\nhint: .+\n$/, { PORCHLIGHT_LOG_LEVEL: 'loud' }],
  ['agent expose web --data DATA/a', 2, /^error: no target was given\nhint: .+\n$/],
  ['agent expose web nowhere --data DATA/a', 2, /^error: .+\n(?:hint: .+\n)?$/],
  ['agent unexpose web --data DATA/a', 1, /^error: there is no service "web"\nhint: .+\n$/],
  ['agent status --data DATA/a', 3, /^error: no agent runs on .+\nhint: .+\n$/],
  ['agent status', 2, /^error: PORCHLIGHT_JSON: .+\nhint: .+\n$/, { PORCHLIGHT_JSON: 'perhaps' }],
  ['agent policy check DATA/none --data DATA/a', 2, /^error: .+ is not there\nhint: .+\n$/],
  ['agent policy test GET feed --service web --data DATA/a', 2, /^error: "feed" is no path\nhint: .+\n$/],
  ['relay --https many --data DATA/r', 2, /^error: --https is "many" but must be .+\n$/],
  ['relay --metrics 0 extra', 2, /^error: .+\nhint: .+\n$/],
  ['relay --data DATA/file', 2, /^error: .+\n(?:hint: .+\n)?$/],
  ['relay user add bob --data DATA/r', 2, /^error: no password was given\nhint: .+\n$/],
  [
    'relay user password bob --password-stdin --data DATA/r',
    1,
    /^error: there is no account "bob"\nhint: .+\n$/,
  ],
  ['relay token add alice --hours soon --data DATA/r', 2, /^error: .+whole number.*\nhint: .+\n$/],
  ['relay backup DATA/copy --data DATA/empty', 2, /^error: .+\nhint: .+\n$/],
];

it.each(wrong)('%s ends with %i and says why', async (line, code, says, env = {}) => {
  const { stdout, stderr, ...end } = await runPorchlight(inFolder(line), { env, input: '' });
  expect(stderr).toMatch(says);
  expect(end.code).toBe(code);
  expect(stdout).toBe('');
});

it('Ctrl-C ends a waiting join with 130', async () => {
  const relay = startPorchlight(
    inFolder('relay --data DATA/relay --http 0 --https off --ssh 0 --log json --domain localhost'),
  );
  const { origin } = await relay.json((line) => line['msg'] === 'relay ready');
  const joining = startPorchlight(inFolder(`agent join ${String(origin)} --json --data DATA/joining`));
  await joining.json((line) => line['state'] === 'pending');
  expect(await joining.stop('SIGINT')).toEqual({ code: 130, signal: null });
  expect(await relay.stop()).toEqual({ code: 0, signal: null });
});

it.skipIf(process.platform !== 'linux')('a password that is typed at the terminal is not shown', async () => {
  const cli = join(import.meta.dirname, 'main.ts');
  const command = `${process.execPath} ${cli} relay user add ann --data ${join(folder, 'typed')}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    if (text.includes('Password for ann: ') || text.includes('The same again: ')) {
      child.stdin.write('correct horse\r');
    }
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(shown).toContain('made the account ann (member)');
  expect(shown).not.toContain('horse');
  expect(code).toBe(0);
});
