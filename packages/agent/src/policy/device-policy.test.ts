import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { FakeClock } from '@porchlight/testkit';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../config/index.ts';
import { DevicePolicy, POLICY_LOOK_MS, type PolicyState } from './device-policy.ts';
import { parseSecrets } from './secrets-file.ts';

const GOOD = 'service emoncms\n allow GET /feed/** add query apikey=$key\n default deny\n';
const OPEN = 'service emoncms\n allow * /**\n';

let folder: string;
let clock: FakeClock;
let changes: PolicyState[];
let policy: DevicePolicy | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plp-'));
  clock = new FakeClock();
  changes = [];
});

afterEach(async () => {
  await policy?.close();
  expect(clock.waiting).toBe(0);
  rmSync(folder, { recursive: true, force: true });
});

async function open(): Promise<DevicePolicy> {
  policy = await DevicePolicy.open({
    dataFolder: folder,
    clock,
    exposed: () => ['emoncms'],
    onChange: (state) => changes.push(state),
  });
  return policy;
}

/** Lets the looks happen until the files have been read again. */
async function changed(): Promise<PolicyState> {
  const before = changes.length;
  while (changes.length === before) await clock.advance(POLICY_LOOK_MS);
  return changes.at(-1)!;
}

/** As an editor or a configuration program does it. */
function replace(name: string, text: string, mode = 0o600): void {
  writeFileSync(join(folder, 'new'), text, { mode });
  chmodSync(join(folder, 'new'), mode);
  renameSync(join(folder, 'new'), join(folder, name));
}

function ask(target: string): string {
  const decision = policy!.decide({ service: 'emoncms', method: 'GET', target });
  return decision.kind === 'allow' ? decision.target : decision.reason;
}

describe('DevicePolicy', () => {
  it('lets everything through without files', async () => {
    expect((await open()).state).toMatchObject({ state: 'in_force', errors: [], warnings: [] });
    expect(ask('/a/../b')).toBe('/a/../b');
    expect(policy!.decideConnection('ssh').kind).toBe('allow');
  });

  it('adds local secrets, and shows them nowhere', async () => {
    replace('policy', GOOD, 0o644);
    replace('secrets', '# mine\nkey = hunter2=\n');
    await open();
    expect(ask('/feed/list?apikey=evil')).toBe('/feed/list?apikey=hunter2%3D');
    const decision = policy!.decide({ service: 'emoncms', method: 'GET', target: '/feed/list' });
    const shown = [policy, decision, changes].map(
      (thing) => `${inspect(thing, { depth: 9 })}${JSON.stringify(thing)}`,
    );
    expect(shown.join()).not.toContain('hunter2');
  });

  it('is closed when the policy is broken at the start, until it is mended', async () => {
    replace('policy', GOOD);
    await open();
    expect(policy!.state).toMatchObject({
      state: 'closed',
      errors: [expect.stringMatching(/line 2, column 38: there is no secret "key"/)],
    });
    expect(ask('/feed/list')).toMatch(/has errors, so it lets nothing through/);
    expect(policy!.decide({ service: 'other', method: 'GET', target: '/' }).kind).toBe('deny');
    expect(policy!.decideConnection('ssh').kind).toBe('deny');
    replace('secrets', 'key = k');
    expect(await changed()).toMatchObject({ state: 'in_force' });
    expect(ask('/feed/list')).toBe('/feed/list?apikey=k');
  });

  it('keeps the last good policy when a new one is broken', async () => {
    replace('policy', OPEN);
    await open();
    replace('policy', `${OPEN} alow GET /\n alow GET /\n`);
    const state = await changed();
    expect(state.state).toBe('last_good');
    expect(state.errors).toHaveLength(2);
    expect(state.errors[0]).toMatch(/policy line 3, column 2: "alow" begins no statement/);
    expect(ask('/x')).toBe('/x');
    replace('policy', 'service emoncms\n default deny');
    expect((await changed()).state).toBe('in_force');
    expect(ask('/x')).toMatch(/no rule/);
  });

  it('takes a policy that disappears for an accident, and an empty one for a wish', async () => {
    replace('policy', 'service emoncms\n default deny');
    await open();
    rmSync(join(folder, 'policy'));
    expect(await changed()).toMatchObject({ state: 'last_good', errors: [expect.stringMatching(/is gone/)] });
    expect(ask('/x')).toMatch(/no rule/);
    replace('policy', '');
    expect((await changed()).state).toBe('in_force');
    expect(ask('/x')).toBe('/x');
  });

  it('waits for a second look that agrees, but not when told to reload', async () => {
    await open();
    replace('policy', 'service emoncms\n');
    const told = changes.length;
    expect(await policy!.reload()).toMatchObject({ state: 'in_force' });
    expect(changes).toHaveLength(told + 1);
    expect(ask('/x')).toMatch(/no rule/);
  });

  it.each([
    ['secrets', 'key = x', 0o640, /chmod 600 .*secrets/],
    ['policy', OPEN, 0o666, /chmod 644 .*policy/],
  ])(
    'refuses %s with the wrong permissions, and notices when they are right',
    async (name, text, mode, message) => {
      replace(name, text, mode);
      await open();
      expect(policy!.state).toMatchObject({ state: 'closed', errors: [expect.stringMatching(message)] });
      chmodSync(join(folder, name), 0o600);
      expect((await changed()).state).toBe('in_force');
    },
  );

  it('is closed by what cannot be a policy', async () => {
    mkdirSync(join(folder, 'policy'));
    await open();
    expect(policy!.state).toMatchObject({
      state: 'closed',
      errors: [expect.stringMatching(/not a regular file/)],
    });
    rmSync(join(folder, 'policy'), { recursive: true });
    replace('policy', '#'.repeat(70_000));
    expect((await changed()).errors[0]).toMatch(/longer than 65536 bytes/);
  });

  it('warns of sections for services that are not exposed', async () => {
    replace('policy', 'service emoncsm\n default deny\nservice *\n default allow');
    await open();
    expect(policy!.state.warnings).toEqual([
      'policy line 1: no service "emoncsm" is exposed: is the name misspelt?',
    ]);
  });
});

describe('parseSecrets', () => {
  const parse = (text: string) => parseSecrets('secrets', { text, mode: 0o600 });

  it('reads names and values', () => {
    const secrets = parse('\uFEFF# c\r\n\n a_1=x y # z \r\nb = "q"=\n');
    expect([...secrets].map(([name, value]) => [name, value.reveal()])).toEqual([
      ['a_1', 'x y # z'],
      ['b', '"q"='],
    ]);
  });

  it.each([
    ['hunter2', /line 1: this is not NAME = VALUE/],
    ['Key = hunter2', /line 1: this is not/],
    ['= hunter2', /line 1: this is not/],
    ['\nkey =', /line 2: "key" has no value/],
    ['key = a\nkey = hunter2', /line 2: "key" stands twice/],
    ['key = hunter2\u0000', /other than ASCII/],
    ['key = hunter2é', /other than ASCII/],
    [`key = hunter2${'x'.repeat(5000)}`, /longer than 4096/],
  ])('refuses %j without showing a value', (text, message) => {
    expect(() => parse(text)).toThrow(message);
    expect(() => parse(text)).not.toThrow(/hunter2/);
  });

  it('throws nothing but ConfigError', () => {
    const text = fc.array(fc.constantFrom('a', '=', '#', ' ', '\n', '\r', 'key', '\u0000', 'é'), {
      maxLength: 15,
    });
    fc.assert(
      fc.property(
        text.map((list) => list.join('')),
        (text) => {
          try {
            for (const name of parse(text).keys()) expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
          } catch (error) {
            if (!(error instanceof ConfigError)) throw error;
          }
        },
      ),
      { numRuns: 20_000, interruptAfterTimeLimit: 2_000 },
    );
  });
});
