import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endToEndHeaders, headersObject } from './http-headers.ts';

const all = (): boolean => true;
const name = fc.stringMatching(/^[A-Za-z][A-Za-z-]{0,12}$/);
const value = fc.stringMatching(/^[ -~]{0,20}$/);
const fields = fc.array(fc.tuple(name, value), { maxLength: 20 }).map((pairs) => pairs.flat());

describe('end-to-end headers', () => {
  it('keep names, values, repetitions and order', () => {
    const raw = ['X-A', '1', 'x-a', '2', 'Set-Cookie', 'a=1', 'set-cookie', 'b=2', 'Accept', ''];
    expect(endToEndHeaders(raw, all)).toEqual(raw);
  });

  it('end what is for one hop only, also what Connection names, in any spelling', () => {
    const raw = [
      'CONNECTION',
      'X-One , x-two,close,',
      'x-ONE',
      '1',
      'X-Two',
      '2',
      'X-Three',
      '3',
      'Keep-Alive',
      'x',
    ];
    const more = [
      'TE',
      'trailers',
      'Upgrade',
      'h2c',
      'Proxy-Authorization',
      'x',
      'Transfer-Encoding',
      'chunked',
    ];
    expect(endToEndHeaders([...raw, ...more], all)).toEqual(['X-Three', '3']);
  });

  it('cannot be made to lose framing or routing by naming them in Connection', () => {
    const raw = ['Connection', 'content-length, host', 'Host', 'x', 'Content-Length', '5'];
    expect(endToEndHeaders(raw, all)).toEqual(['Host', 'x', 'Content-Length', '5']);
  });

  it('leave out the pseudo fields of HTTP/2', () => {
    expect(endToEndHeaders([':path', '/', 'a', '1'], all)).toEqual(['a', '1']);
  });

  it('are some of what came, in its order, whatever came', () => {
    fc.assert(
      fc.property(fields, (raw) => {
        const kept = endToEndHeaders(raw, (lower) => !lower.startsWith('x'));
        expect(kept.length % 2).toBe(0);
        let at = 0;
        for (let index = 0; index < kept.length; index += 2) {
          expect(kept[index]!.toLowerCase().startsWith('x')).toBe(false);
          while (at < raw.length && !(raw[at] === kept[index] && raw[at + 1] === kept[index + 1])) at += 2;
          expect(at).toBeLessThan(raw.length);
          at += 2;
        }
        // Done twice, nothing more goes.
        expect(endToEndHeaders(kept, all)).toEqual(kept);
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  it('become an object with no prototype to fall over', () => {
    const made = headersObject(['__proto__', 'a', 'constructor', 'b', 'Set-Cookie', 'c', 'X', '1', 'x', '2']);
    expect(Object.keys(made)).toEqual(['__proto__', 'constructor', 'set-cookie', 'x']);
    expect(made['set-cookie']).toEqual(['c']);
    expect(made['x']).toBe('1, 2');
  });
});
