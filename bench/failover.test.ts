import { describe, expect, it } from 'vitest';
import { cells, chosenOf } from './failover/cells';
import { outagePlot } from './failover/plot';
import { reportMarkdown } from './failover/report';
import type { Run } from './failover/results';
import { summarize } from './statistics';

const [cell] = cells;

function run(outageMs: number, id = cell?.id ?? ''): Run {
  return {
    cell: id,
    at: '2026-01-01T00:00:00.000Z',
    outageMs,
    phases: { detection: 1, decision: 2, apiCall: 3, route: 4 },
    clients: { publisherMs: 5, noticedMs: 50, subscribedMs: 70, areBack: true },
    healOutageMs: 10,
    settledMs: 20,
    wasRepaired: false,
    loadAverage: 0.5,
  };
}

describe('the figures of a cell', () => {
  it('are its median, 95th percentile and maximum, and none of nothing', () => {
    expect(summarize([5, 1, undefined, 3, 2, 4])).toMatchObject({ count: 5, median: 3, max: 5 });
    expect(summarize([5, 1, undefined, 3, 2, 4])?.p95).toBeCloseTo(4.8);
    expect(summarize([undefined])).toBeUndefined();
  });

  it('stand in the table and the plot of the cells that were measured, and of no other', () => {
    const results = { machine: { kernel: '6' }, runs: [run(100), run(300)] };
    const page = reportMarkdown(results, cells);
    expect(page).toContain('| 2 | 200 | 290 | 300 | 10 | 20 |');
    expect(page).not.toContain('Host crash');
    expect(outagePlot(results, cells).match(/<circle/g)).toHaveLength(2);
  });

  it('compare the public examples with ours at the same fault, without a grace as they are', () => {
    const runs = [run(3_000, 'haproxyKept-baseline'), run(1_500, 'haproxyKept-100ms-grace0')];
    expect(reportMarkdown({ machine: {}, runs }, cells)).toContain(
      'HAProxy killed and kept from restarting: 3000 ms instead of 1500, 2.0 times',
    );
  });

  it('are taken of the cells that a fault or an id names, and a name that is none is refused', () => {
    const ofFault = chosenOf(cells, 'poweroff', 2);
    expect(ofFault.map(({ fault, runs }) => ({ fault, runs }))).toEqual(
      ofFault.map(() => ({ fault: 'poweroff', runs: 2 })),
    );
    expect(chosenOf(cells, cell?.id)).toEqual([cell]);
    expect(() => chosenOf(cells, 'earthquake')).toThrow(/earthquake; there are:[^]*hostCrash/);
  });

  it('have an id for each cell', () => {
    expect(new Set(cells.map(({ id }) => id)).size).toBe(cells.length);
  });
});
