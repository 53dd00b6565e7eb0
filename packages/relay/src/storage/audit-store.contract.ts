import type { AuditAction } from '@porchlight/protocol/api';
import { expect, test } from 'vitest';
import type { NewAuditEntry } from '../audit/audit-store.ts';
import { NOW, type Open } from './contract-fixtures.ts';

export function auditStoreContract(open: Open): void {
  const entry = (accountId: string | undefined, change: Partial<NewAuditEntry> = {}): NewAuditEntry => ({
    accountId,
    at: NOW,
    actor: 'ann',
    action: 'service.opened',
    ...change,
  });

  test('gives entries back newest first, in order of appending', async () => {
    const { audit } = await open();
    const full = {
      deviceId: 'd1',
      target: 'shed',
      address: '192.0.2.1',
      detail: { times: 3, ok: true, why: 'ö\0\ud800' },
    };
    await audit.append([entry('a', full), entry('a', { at: NOW + 1, action: 'link.down' })]);
    await audit.append([]);
    await audit.append([entry('a', { actor: 'device:shed\0' })]);
    const list = await audit.list('a', { withRelay: false, limit: 10 });
    expect(list.map((found) => ({ ...found, id: 0 }))).toEqual([
      { id: 0, at: NOW, actor: 'device:shed', action: 'service.opened', detail: {} },
      { id: 0, at: NOW + 1, actor: 'ann', action: 'link.down', detail: {} },
      {
        id: 0,
        at: NOW,
        actor: 'ann',
        action: 'service.opened',
        ...full,
        detail: { times: 3, ok: true, why: 'ö\ufffd' },
      },
    ]);
    expect(list.every(({ id }) => Number.isSafeInteger(id))).toBe(true);
  });

  test('shows an account its own entries, and the relay’s only when asked', async () => {
    const { audit } = await open();
    await audit.append([
      entry('a', { actor: '1' }),
      entry(undefined, { actor: '2' }),
      entry('b', { actor: '3' }),
      entry('a', { actor: '4' }),
      entry(undefined, { actor: '5' }),
    ]);
    const actors = async (accountId: string, withRelay: boolean, limit = 10) =>
      (await audit.list(accountId, { withRelay, limit })).map(({ actor }) => actor).join('');
    expect(await actors('a', false)).toBe('41');
    expect(await actors('a', true)).toBe('5421');
    expect(await actors('a', true, 2)).toBe('54');
    expect(await actors('b', false)).toBe('3');
    expect(await actors('', false)).toBe('');
  });

  test('pages by id', async () => {
    const { audit } = await open();
    await audit.append(Array.from({ length: 5 }, (_, n) => entry(n % 2 ? 'a' : undefined, { at: n })));
    const first = await audit.list('a', { withRelay: true, limit: 3 });
    expect(first.map(({ at }) => at)).toEqual([4, 3, 2]);
    const beforeId = first.at(-1)?.id;
    const second = await audit.list('a', { withRelay: true, limit: 3, beforeId });
    expect(second.map(({ at }) => at)).toEqual([1, 0]);
  });

  test('filters by device, action, actor and time', async () => {
    const { audit } = await open();
    await audit.append([
      entry('a', { at: 1, deviceId: 'd1' }),
      entry('a', { at: 2, action: 'link.up' }),
      entry('a', { at: 3, actor: 'bob' }),
      entry('a', { at: 4 }),
      entry('b', { at: 5, deviceId: 'd1' }),
    ]);
    const at = async (query: {
      deviceId?: string;
      action?: AuditAction;
      actor?: string;
      since?: number;
      until?: number;
    }) => (await audit.list('a', { withRelay: true, limit: 10, ...query })).map((found) => found.at);
    expect(await at({ deviceId: 'd1' })).toEqual([1]);
    expect(await at({ action: 'link.up' })).toEqual([2]);
    expect(await at({ actor: 'bob\0' })).toEqual([3]);
    expect(await at({ since: 2, until: 4 })).toEqual([3, 2]);
    expect(await at({ actor: "' or 1=1 --" })).toEqual([]);
  });

  test('takes large batches, and forgets what is old', async () => {
    const { audit } = await open();
    await audit.append(Array.from({ length: 5000 }, (_, n) => entry('a', { at: n })));
    await audit.prune(4998);
    const left = await audit.list('a', { withRelay: false, limit: 500 });
    expect(left.map(({ at }) => at)).toEqual([4999, 4998]);
  });
}
