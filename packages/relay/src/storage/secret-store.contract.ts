import { expect, test } from 'vitest';
import type { Open } from './contract-fixtures.ts';

export function secretStoreContract(open: Open): void {
  test('keeps, replaces and forgets', async () => {
    const { secrets } = await open();
    expect(await secrets.get('host-key')).toBeUndefined();
    await secrets.set('host-key', 'one');
    await secrets.set('host-key', 'two');
    expect(await secrets.get('host-key')).toBe('two');
    expect(await secrets.getOrInsert('host-key', 'three')).toBe('two');
    await secrets.remove('host-key');
    await secrets.remove('host-key');
    expect(await secrets.get('host-key')).toBeUndefined();
  });

  test('of two relays that make a secret at the same time, both get the same', async () => {
    const [one, two] = [await open(), await open()];
    const values = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        (n % 2 === 0 ? one : two).secrets.getOrInsert('host-key', String(n)),
      ),
    );
    expect(new Set(values).size).toBe(1);
    expect(await two.secrets.get('host-key')).toBe(values[0]);
  });
}
