import { afterAll, expect, it } from 'vitest';
import { type KeySigner, openKeySigner } from './key-signer.ts';
import { plainKey, shellDevice } from './shell-device-rig.ts';

afterAll(() => shellDevice.close());

const open = (accountId: string): Promise<KeySigner> => openKeySigner(accountId, plainKey.secret, undefined);

it('nobody takes all the places, and each comes back', async () => {
  const own = [await open('mallory'), await open('mallory'), await open('mallory')];
  await expect(open('mallory')).rejects.toMatchObject({ code: 'busy' });
  const other = await open('alice');
  for (const signer of own) signer.close();
  await expect.poll(() => open('mallory').then((signer) => own.push(signer) > 3)).toBe(true);
  own.at(-1)?.close();
  other.close();
});

it('a thread that fails when nobody waits for it ends nothing else', async () => {
  const [signer, ...others] = [await open('bob'), await open('bob'), await open('bob')];
  // Both take the first answer for theirs, and the failure of the second comes behind it.
  await Promise.all([
    signer.sign(Buffer.from('data'), undefined),
    signer.sign(undefined as unknown as Uint8Array, undefined),
  ]);
  // Its place is free once it has gone.
  await expect.poll(() => open('bob').then((fresh) => others.push(fresh) > 2)).toBe(true);
  for (const one of others) one.close();
});
