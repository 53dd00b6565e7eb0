import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { joinColumns, summaryOf, withLast } from './columns.ts';
import { csvOf } from './csv.ts';
import { fixedRange, formatInterval, intervalFor, intervalsFor, panned, zoomed } from './range.ts';
import { formatViewState, parseViewState, START_STATE, type ViewState } from './view-state.ts';
import { formatValue, freshnessOf, groupByTag, isEmoncms, lineName } from './words.ts';

const HOUR = 3600_000;
const DAY = 24 * HOUR;

describe('the address of the page', () => {
  it('says what is shown, and no more', () => {
    expect(formatViewState(START_STATE)).toBe('');
    expect(parseViewState('')).toEqual(START_STATE);
    const graph: ViewState = {
      service: 'emoncms',
      tab: 'graph',
      feeds: [
        { id: 1, axis: undefined },
        { id: 7, axis: 'right' },
      ],
      range: { kind: 'fixed', from: DAY, to: 2 * DAY },
      interval: 60,
    };
    const address = 'service=emoncms&tab=graph&feeds=1,7r&from=86400000&to=172800000&interval=60';
    expect(formatViewState(graph)).toBe(address);
    expect(parseViewState(address)).toEqual(graph);
  });

  it.each([
    'feeds=0,-1,x,1.5,99999999999&from=5&to=1&span=-1&interval=0&tab=__proto__',
    'from=0&to=1',
    'span=59999',
    'feeds=constructor&service=',
    '%%%&feeds=%00',
  ])('%s is as good as nothing', (search) => {
    expect(parseViewState(search)).toEqual(START_STATE);
  });

  it('comes back whole, whatever it was', () => {
    fc.assert(
      fc.property(fc.webQueryParameters(), (search) => {
        const state = parseViewState(search);
        expect(parseViewState(formatViewState(state))).toEqual(state);
        expect(state.feeds.length).toBeLessThanOrEqual(8);
      }),
      { interruptAfterTimeLimit: 1_000 },
    );
  });
});

describe('ranges', () => {
  it('have about as many points as pixels', () => {
    for (const span of [60_000, HOUR, DAY, 30 * DAY, 365 * DAY, 40 * 365 * DAY]) {
      const interval = intervalFor({ from: 0, to: span });
      expect(span / 1000 / interval).toBeLessThanOrEqual(1_200);
    }
    expect(intervalFor({ from: 0, to: DAY })).toBe(120);
    expect(intervalFor({ from: 0, to: DAY }, 10)).toBe(10);
    expect(intervalFor({ from: 0, to: 30 * DAY }, 10)).toBe(3600);
    expect(intervalsFor({ from: 0, to: DAY })[0]).toBe(10);
    expect([10, 60, 7200, 86_400].map(formatInterval)).toEqual(['10 s', '1 min', '2 h', '1 d']);
  });

  it('zoom around their middle, or from the present', () => {
    expect(zoomed({ kind: 'last', span: DAY }, DAY, 0.5)).toEqual({ kind: 'last', span: DAY / 2 });
    expect(zoomed({ kind: 'fixed', from: DAY, to: 2 * DAY }, 9 * DAY, 2)).toEqual({
      ...{ kind: 'fixed', from: DAY / 2, to: 2.5 * DAY },
    });
    expect(zoomed({ kind: 'last', span: 60_000 }, DAY, 0.5)).toEqual({ kind: 'last', span: 60_000 });
    expect(fixedRange(DAY, DAY + 10)).toEqual({ kind: 'fixed', from: DAY - 29_995, to: DAY + 30_005 });
  });

  it('leave the present when moved back, and go on when moved there', () => {
    const back = panned({ kind: 'last', span: DAY }, 10 * DAY, -0.5);
    expect(back).toEqual({ kind: 'fixed', from: 8.5 * DAY, to: 9.5 * DAY });
    expect(panned(back, 10 * DAY, 0.5)).toEqual({ kind: 'last', span: DAY });
    expect(panned(fixedRange(0, DAY), 10 * DAY, -1)).toEqual({ kind: 'fixed', from: 0, to: DAY });
  });
});

describe('columns', () => {
  it('are joined over all times; what a feed does not have is no gap', () => {
    const a = { times: [1, 3], values: [10, null] };
    expect(joinColumns([a])).toEqual({ times: [1, 3], values: [[10, null]] });
    expect(joinColumns([a, { times: [2, 3], values: [5, 6] }])).toEqual({
      times: [1, 2, 3],
      values: [
        [10, undefined, null],
        [undefined, 5, 6],
      ],
    });
    expect(joinColumns([])).toEqual({ times: [], values: [] });
    expect(withLast(a, { at: 4, value: 1 })).toEqual({ times: [1, 3, 4], values: [10, null, 1] });
    expect(withLast(a, { at: 3, value: 1 })).toBe(a);
    expect(summaryOf({ times: [1, 2, 3, 4], values: [9, 1, null, 3] }, { from: 2, to: 4 })).toEqual({
      ...{ min: 1, max: 3, mean: 2 },
    });
    expect(summaryOf(a, { from: 5, to: 6 })).toBeUndefined();
  });

  it('are a table that a spreadsheet reads and does not compute', () => {
    const csv = csvOf(['=cmd()', 'a "b", c'], { times: [0], values: [[1.5], [null]] });
    expect(csv).toBe('time,\'=cmd(),"a ""b"", c"\r\n1970-01-01T00:00:00.000Z,1.5,\r\n');
    expect(csvOf(['x;=cmd()', 'a;  @b', 'a - b'], { times: [], values: [] })).toBe(
      "time,x;'=cmd(),a;  '@b,a - b\r\n",
    );
  });
});

test('values, ages and groups', () => {
  expect(formatValue(null, 'W')).toBe('–');
  expect([0, 3.14159, 45.67, 234.5, 0.01234].map((value) => formatValue(value, ''))).toEqual([
    ...['0', '3.14', '45.7', '235', '0.0123'],
  ]);
  expect(formatValue(5, 'W')).toBe('5 W');
  expect([null, 0, -30_000, -HOUR, -DAY].map((at) => freshnessOf(at, 0))).toEqual([
    ...['never', 'now', 'recent', 'late', 'old'],
  ]);
  expect(groupByTag([{ tag: 'b' }, { tag: 'a' }, { tag: 'b' }]).map(([tag]) => tag)).toEqual(['a', 'b']);
  expect(isEmoncms({ name: 'emoncms', kind: 'http' })).toBe(true);
  expect(isEmoncms({ name: 'web', kind: 'http' })).toBe(false);
  expect(lineName({ tag: '', name: 'use', unit: 'W' })).toBe('use (W)');
});
