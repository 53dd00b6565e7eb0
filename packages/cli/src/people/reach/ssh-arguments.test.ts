import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseSshArguments } from './ssh-arguments.ts';

const parse = (line: string) => parseSshArguments(line.split(' '));

it.each([
  ['robot', { options: [], user: undefined, device: 'robot', rest: [] }],
  ['pi@robot uptime -p', { user: 'pi', device: 'robot', rest: ['uptime', '-p'] }],
  ['robot -- -v -L 1:localhost:2', { device: 'robot', rest: ['-v', '-L', '1:localhost:2'] }],
  ['-- robot', { device: 'robot', rest: [] }],
  ['-p 2222 -tt robot', { options: ['-p', '2222', '-tt'], device: 'robot' }],
  ['-p2222 robot ls', { options: ['-p2222'], device: 'robot', rest: ['ls'] }],
  ['-vp 2222 robot', { options: ['-vp', '2222'], device: 'robot' }],
  [
    '-l pi robot rsync --server .',
    { options: ['-l', 'pi'], device: 'robot', rest: ['rsync', '--server', '.'] },
  ],
  ['a@b@robot', { user: 'a@b', device: 'robot' }],
])('%s', (line, expected) => {
  expect(parse(line)).toMatchObject(expected);
});

it.each(['', '-v', '-p 22', '-oProxyCommand=x@robot', 'a;b@robot', '`x`@robot', '@robot', '-'])(
  'names no device: %j',
  (line) => {
    const parsed = parse(line);
    expect(parsed === undefined || parsed.device === '' || parsed.device === '-').toBe(true);
  },
);

it('whatever is given: a user that no option or shell could be', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      const { user } = parseSshArguments(words) ?? {};
      expect(user === undefined || /^[\w.][\w.@+-]*$/.test(user)).toBe(true);
    }),
    { interruptAfterTimeLimit: 2_000 },
  );
});
