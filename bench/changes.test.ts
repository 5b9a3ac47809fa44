import { describe, expect, it } from 'vitest';
import { cutsPlot } from './changes/plot';
import { reportMarkdown } from './changes/report';
import type { Sample } from './changes/results';

function sample(change: string, cost: Partial<Sample>): Sample {
  return {
    change,
    at: '2026-01-01T00:00:00.000Z',
    clients: 1000,
    ...{ cut: 0, cuts: 0, mostCuts: 0, longestMs: 0, halfMs: 0, cameInMs: 400 },
    ...{ acknowledged: 1000, lost: 0, seconds: 20 },
    loadAverage: 2,
    ...cost,
  };
}

const samples = [
  sample('nothing', {}),
  sample('emqx.version', { cut: 1000, cuts: 1500, mostCuts: 2, halfMs: 50, longestMs: 100, seconds: 50 }),
  sample('emqx.version', {
    cut: 900,
    cuts: 1200,
    mostCuts: 1,
    halfMs: 40,
    longestMs: 300,
    seconds: 70,
    lost: 2,
  }),
  sample('emqx.version', { cut: 800, cuts: 1000, mostCuts: 1, halfMs: 60, longestMs: 200, seconds: 60 }),
];
const results = { machine: { kernel: '6' }, samples };

describe('what changes cost clients', () => {
  it('is the median and the worst of the runs, and all that was lost', () => {
    expect(reportMarkdown(results)).toContain(
      '| emqx.version | 3 | 900 (1,000) of 1000 | 2 | 50 (60) | 200 (300) | 2 of 3,000 | 60 (70) |',
    );
  });

  it('has no time without a connection where nobody was cut, in the table and the plot', () => {
    expect(reportMarkdown(results)).toContain(
      '| nothing | 1 | 0 (0) of 1000 | 0 | - | - | 0 of 1,000 | 20 (20) |',
    );
    const plot = cutsPlot(results);
    expect(plot).not.toContain('nothing');
    expect(plot.match(/<circle/g)).toHaveLength(3);
  });
});
