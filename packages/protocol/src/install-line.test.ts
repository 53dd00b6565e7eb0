import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { installLine, quoteForShell } from './install-line.ts';

const sha256 = 'ab'.repeat(32);
const installer = {
  url: 'http://relay.example/install/phone-home.sh',
  sha256,
  address: 'relay.example:22',
  hostKey: 'ssh-ed25519 AAAAC3Nza+/=',
  ownAuthority: true,
};
const begin = `(f=$(mktemp) && trap 'rm -f "$f"' EXIT && `;
const check = ` && echo "${sha256}  $f" | sha256sum -c && sh "$f" relay.example:22 'ssh-ed25519 AAAAC3Nza+/='`;

test('a router that calls home', () => {
  expect(installLine(installer)).toBe(
    `${begin}wget -qO "$f" http://relay.example/install/phone-home.sh${check})`,
  );
});

test('every wish', () => {
  const line = installLine(installer, {
    ...{ name: 'router1', token: 'ple_x', mode: 'call', ports: [22, 8080], start: 'cron', fetch: 'curl' },
  });
  expect(line).toBe(
    `${begin}curl -fsSo "$f" http://relay.example/install/phone-home.sh${check} --name router1 --token ple_x --allow 22,8080 --start cron)`,
  );
  expect(installLine(installer, { mode: 'always' })).toContain(' --always 22,80)');
  expect(installLine(installer, { mode: 'always', ports: [8888] })).toContain(' --always 8888)');
});

test('over https a certificate that the device cannot know is not asked for: the hash is', () => {
  const url = 'https://relay.example/install/phone-home.sh';
  const own = { ...installer, url };
  expect(installLine(own)).toContain(`wget --no-check-certificate -qO "$f" ${url} && `);
  expect(installLine(own, { fetch: 'curl' })).toContain(`curl -fsSko "$f" ${url} && `);
  const known = { ...own, ownAuthority: false };
  expect(installLine(known)).toContain(`wget -qO "$f" ${url} && `);
  expect(installLine(known, { fetch: 'curl' })).toContain(`curl -fsSo "$f" ${url} && `);
});

test('a word stays one word and runs nothing, whatever is in it', () => {
  const words = [
    "'; touch /tmp/x; '",
    '$(id)',
    '`id`',
    '',
    ' ',
    '-x',
    "a'b",
    '\\',
    '"',
    'ä\n',
    '*',
    '~',
    '#',
  ];
  const out = execFileSync('sh', ['-c', `printf '%s\\0' ${words.map(quoteForShell).join(' ')}`]);
  expect(out.toString().split('\0').slice(0, -1)).toEqual(words);
});

test('any words', () => {
  const word = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && text.isWellFormed());
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (words) => {
      const out = execFileSync('sh', ['-c', `printf '%s\\0' ${words.map(quoteForShell).join(' ')}`]);
      expect(out.toString().split('\0').slice(0, -1)).toEqual(words);
    }),
    { interruptAfterTimeLimit: 2_000, numRuns: 200 },
  );
});

test('an address from a hostile configuration stays one argument', () => {
  const line = installLine({
    ...installer,
    address: "x'; id; ':22",
    url: 'http://x/$(id)',
    sha256: '"; id; "',
  });
  expect(line).toContain(`'http://x/$(id)'`);
  expect(line).toContain(`sh "$f" 'x'\\''; id; '\\'':22' `);
  expect(line).toContain('echo "d  $f"');
});
