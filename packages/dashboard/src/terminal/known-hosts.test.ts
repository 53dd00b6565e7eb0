import { beforeEach, describe, expect, it } from 'vitest';
import { judgeHostKey, rememberHostKey } from './known-hosts.ts';

const KEY = { algorithm: 'ssh-ed25519', fingerprint: 'SHA256:aaa' };
const OTHER = { algorithm: 'ssh-ed25519', fingerprint: 'SHA256:bbb' };

let kept: Map<string, string>;
let storage: Storage;
beforeEach(() => {
  kept = new Map();
  storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
  } as unknown as Storage;
});

describe('host keys that a browser remembers', () => {
  it('asks once, and warns of another one', () => {
    expect(judgeHostKey('d1', KEY, storage)).toEqual({ kind: 'new' });
    rememberHostKey('d1', KEY, storage);
    expect(judgeHostKey('d1', KEY, storage)).toEqual({ kind: 'known' });
    expect(judgeHostKey('d2', KEY, storage)).toEqual({ kind: 'new' });
    expect(judgeHostKey('d1', OTHER, storage)).toMatchObject({ kind: 'changed', before: KEY });
  });

  it.each(['rubbish', '{}', 'null', '[]', '{"fingerprint":1}'])('asks again where %s is kept', (text) => {
    rememberHostKey('d1', KEY, storage);
    for (const name of kept.keys()) kept.set(name, text);
    expect(judgeHostKey('d1', KEY, storage)).toEqual({ kind: 'new' });
  });

  it('asks each time where storage is forbidden', () => {
    const forbidden = {
      getItem() {
        throw new Error('SecurityError');
      },
      setItem() {
        throw new Error('SecurityError');
      },
    } as unknown as Storage;
    rememberHostKey('d1', KEY, forbidden);
    expect(judgeHostKey('d1', KEY, forbidden)).toEqual({ kind: 'new' });
  });
});
