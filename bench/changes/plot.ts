import { dotPlot } from '../dotPlot';
import type { Results } from './results';

const frame = {
  title: 'The longest that a client was without a connection, ms (a dot a run, line: median, dashed: aim)',
  labelWidth: 260,
  rowHeight: 26,
  aimMs: 500,
};

/** A row for each change by which somebody was cut. */
export function cutsPlot({ samples }: Results): string {
  const cut = samples.filter(({ cuts }) => cuts > 0);
  const rows = [...new Set(cut.map(({ change }) => change))].map((label) => ({
    label,
    color: '#1f6f8b',
    valuesMs: cut.filter(({ change }) => change === label).map(({ longestMs }) => longestMs),
  }));
  return dotPlot(frame, rows);
}
