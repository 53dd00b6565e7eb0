import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Logger } from './logger.ts';
import { createLogger, type LogSettings } from './pino-logger.ts';

function log(settings: Partial<LogSettings>, act: (logger: Logger) => void): string[] {
  const lines: string[] = [];
  act(createLogger({ format: 'json', level: 'info', ...settings, write: (line) => lines.push(line) }));
  return lines;
}

describe('the log', () => {
  it('has one JSON object a line, with time, level, component, event and fields', () => {
    const [line = '', ...more] = log({}, (logger) =>
      logger.child('ssh', { device: 'zumi01' }).info({ port: 2222 }, 'link up'),
    );
    expect(more).toEqual([]);
    expect(line.endsWith('\n')).toBe(true);
    const { time, ...rest } = JSON.parse(line) as Record<string, unknown>;
    expect(rest).toEqual({ level: 'info', component: 'ssh', device: 'zumi01', port: 2222, msg: 'link up' });
    expect(new Date(String(time)).toISOString()).toBe(time);
  });

  it('has lines for people', () => {
    const [line = ''] = log({ format: 'text' }, (logger) =>
      logger.child('ssh').warn({ device: 'zumi01', why: 'gone away', n: 3 }, 'link down'),
    );
    expect(line.slice(20)).toBe('warn  ssh: link down device=zumi01 why="gone away" n=3\n');
  });

  it('keeps to its level', () => {
    const lines = log({ level: 'warn' }, (logger) => {
      logger.info({}, 'no');
      logger.child('x').debug({}, 'no');
      logger.error({}, 'yes');
    });
    expect(lines).toHaveLength(1);
  });

  it('never writes what is a secret by name, wherever it stands', () => {
    const secret = 'hunter2hunter2';
    const fields = {
      password: secret,
      tokenHash: secret,
      headers: { Authorization: secret, cookie: secret, 'set-cookie': [secret] },
      list: [{ accessToken: secret, private_key: secret }],
      text: `Bearer ${secret}`,
      url: `postgres://me:${secret}@db/x`,
      error: new Error(`cannot reach postgres://me:${secret}@db/x`),
    };
    const lines = [
      ...log({}, (l) => l.info(fields, 'x')),
      ...log({ format: 'text' }, (l) => l.child('c', fields).info({}, 'x')),
    ];
    expect(lines).toHaveLength(2);
    expect(lines.join('')).not.toContain(secret);
  });

  it('writes ids and counts of secrets, which are none', () => {
    const [line = ''] = log({}, (logger) => logger.info({ tokenId: 'abc', tokenCount: 2 }, 'x'));
    expect(line).toContain('"tokenId":"abc"');
    expect(line).toContain('"tokenCount":2');
  });

  it('spells out errors with code and causes', () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const [line = ''] = log({}, (logger) => logger.error({ error: new Error('no link', { cause }) }, 'x'));
    expect(JSON.parse(line)).toMatchObject({
      error: { type: 'Error', message: 'no link', cause: { code: 'ECONNREFUSED', message: 'refused' } },
    });
  });

  it('writes one clean line for any fields whatsoever', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    for (const format of ['json', 'text'] as const) {
      expect(log({ format }, (logger) => logger.info({ circle, big: 1n, call() {} }, 'x'))).toHaveLength(1);
      fc.assert(
        fc.property(fc.dictionary(fc.string(), fc.anything()), (fields) => {
          const [line = '', ...more] = log({ format }, (logger) => logger.info(fields, 'x'));
          // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
          return more.length === 0 && !/[\u0000-\u001f\u007f]/.test(line.slice(0, -1));
        }),
        { interruptAfterTimeLimit: 2000, markInterruptAsFailure: false, numRuns: 1000 },
      );
    }
  });
});
