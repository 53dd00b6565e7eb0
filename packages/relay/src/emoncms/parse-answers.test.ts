import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accepted, parseAnswer, parseData, parseFeeds, parseInputs, parseMeta } from './parse-answers.ts';

describe('what an emoncms answers', () => {
  it('has numbers as text or as numbers', () => {
    const row = { id: '7', userid: '1', name: 'use', tag: 'Power', public: '0', size: '42', engine: '5' };
    expect(parseFeeds([{ ...row, unit: 'W', time: 1_700_000_000, value: '12.5' }])).toEqual([
      {
        ...{ id: 7, name: 'use', tag: 'Power', engine: 5, size: 42, unit: 'W' },
        ...{ value: 12.5, valueAt: 1_700_000_000_000 },
      },
    ]);
    expect(parseFeeds([{ id: 7, name: 7, time: '0', value: '' }, { id: 'x' }, null, 3])).toEqual([
      { id: 7, name: '7', tag: '', unit: '', value: null, valueAt: null },
    ]);
    expect(parseInputs([{ id: 1, nodeid: 5, name: 'p1', processList: '1:1,2:0.5', time: null }])).toEqual([
      { id: 1, node: '5', name: 'p1', description: '', processes: 2, value: null, valueAt: null },
    ]);
    expect(
      parseData([
        [2000, '3'],
        [1000, null],
      ]),
    ).toEqual({ times: [1000, 2000], values: [null, 3] });
    expect(parseMeta({ start_time: 5, interval: '10', npoints: 3 })).toEqual({
      ...{ start: 5000, interval: 10, points: 3 },
    });
  });

  it('is an error in its own words, though it is HTTP 200', () => {
    expect(() => accepted(parseAnswer('{"success":false,"message":"Invalid API key"}'))).toThrow(
      /^emoncms says: Invalid API key$/,
    );
    expect(() => accepted(parseAnswer('{"success":false}'))).toThrow(/without a reason/);
  });

  it.each(['', '<html>', '{', '"API Timeout', '['])('%j is no JSON', (text) => {
    expect(() => parseAnswer(text)).toThrow(/no JSON/);
  });

  it('is bounded', () => {
    expect(() => parseFeeds(Array.from({ length: 2_001 }, () => ({ id: 1 })))).toThrow(/more than 2000/);
    expect(() => parseData(Array.from({ length: 20_001 }, () => [1, 1]))).toThrow(/more than 20000/);
    expect(parseFeeds([{ id: 1, name: 'x'.repeat(1_000) }])[0]?.name).toHaveLength(200);
  });

  it('never becomes more than it may, whatever it is', () => {
    const row = fc.dictionary(
      fc.constantFrom('id', 'nodeid', 'name', 'tag', 'time', 'value', 'processList', 'size', 'start_time'),
      fc.oneof(fc.jsonValue(), fc.double(), fc.string()),
    );
    const answer = fc.oneof(fc.jsonValue(), fc.array(row), row, fc.array(fc.array(fc.double())));
    fc.assert(
      fc.property(answer, (value) => {
        for (const parse of [parseFeeds, parseInputs, parseData, parseMeta]) {
          let parsed: unknown;
          try {
            parsed = parse(value);
          } catch (error) {
            expect(error).toMatchObject({ code: 'bad_answer' });
            continue;
          }
          // Finite numbers and plain text only: what JSON gives back is what was there.
          expect(JSON.parse(JSON.stringify(parsed))).toEqual(parsed);
        }
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });
});
