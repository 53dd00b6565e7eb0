import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../errors.ts';
import {
  decodeFromDevice,
  decodeToDevice,
  parseAnnouncement,
  RPC_DEFAULT_HEADERS,
  RPC_FIELDS_MAX,
  RPC_HEAD_MAX,
  RPC_PART_MAX,
  RPC_REFUSALS,
  RPC_SINGLE_MAX,
  RPC_WINDOW,
  rpcAnnouncement,
} from './index.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/reference/http-over-mqtt.md'), 'utf8');
const blocks = (kind: string): string[] =>
  [...page.matchAll(/^```(\S*)\n([^]*?)^```$/gm)].flatMap(([, found, text = '']) =>
    found === kind ? [text] : [],
  );
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('docs/reference/http-over-mqtt.md', () => {
  it.each([
    ['rpc-to-device', decodeToDevice],
    ['rpc-from-device', decodeFromDevice],
  ] as const)('has examples that are understood: %s', (kind, decode) => {
    const found = blocks(kind);
    expect(found.length).toBeGreaterThan(1);
    for (const text of found) expect(decode(bytes(text))).toMatchObject({ ok: true });
    for (const text of blocks('json')) expect(parseAnnouncement(bytes(text))).toMatchObject({ ok: true });
  });

  it('names every key of an announcement with its meaning', () => {
    for (const [key, schema] of Object.entries(rpcAnnouncement.shape)) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${key}\` |`)) ?? '';
      expect(row).toContain((schema.description ?? '?').split(': 1')[0]);
      const absent: unknown = schema.safeParse(undefined).data;
      if (typeof absent === 'number') expect(row).toContain(` ${absent} `);
    }
    for (const name of RPC_DEFAULT_HEADERS) expect(page).toContain(`\`${name}\``);
  });

  it('names every refusal with what becomes of it, and the limits', () => {
    for (const code of RPC_REFUSALS) {
      const [, status, error] = new RegExp(`^\\| \`${code}\` \\| (\\d+) \`(\\w+)\``, 'm').exec(page) ?? [];
      expect([code, ERRORS[error as keyof typeof ERRORS].status]).toEqual([code, Number(status)]);
    }
    for (const limit of [
      `${RPC_HEAD_MAX / 1024} KiB`,
      `${RPC_PART_MAX / 1024} KiB`,
      `${RPC_SINGLE_MAX / 1024} KiB`,
      `0 to ${RPC_FIELDS_MAX} of them`,
      `the device ${RPC_WINDOW}.`,
      `| ${RPC_HEAD_MAX + RPC_PART_MAX} |`,
    ]) {
      expect(page).toContain(limit);
    }
  });
});
