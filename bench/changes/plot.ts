import { summarize } from '../statistics';
import type { Results, Sample } from './results';

const rowHeight = 26;
const labelWidth = 260;
const plotWidth = 520;
const top = 52;
const ticks = [10, 100, 1_000, 10_000];
const aimMs = 500;
const colour = '#1f6f8b';

/** A row for each change by which somebody was cut, on a logarithmic scale: each run a dot, the median a line. */
export function cutsPlot({ samples }: Results): string {
  const cut = samples.filter(({ cuts }) => cuts > 0);
  const changes = [...new Set(cut.map(({ change }) => change))];
  const height = top + changes.length * rowHeight + 10;
  const width = labelWidth + plotWidth + 20;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="10" y="20">The longest that a client was without a connection, ms (a dot a run, line: median, dashed: aim)</text>`,
    ...ticks.flatMap((tick) => [
      `<line x1="${at(tick)}" y1="${top - 6}" x2="${at(tick)}" y2="${height - 10}" stroke="#ddd"/>`,
      `<text x="${at(tick)}" y="${top - 10}" text-anchor="middle" fill="#555">${tick}</text>`,
    ]),
    `<line x1="${at(aimMs)}" y1="${top - 6}" x2="${at(aimMs)}" y2="${height - 10}" stroke="#b5482a" stroke-dasharray="4"/>`,
    ...changes.flatMap((change, index) =>
      row(
        change,
        cut.filter((sample) => sample.change === change),
        top + index * rowHeight + rowHeight / 2,
      ),
    ),
    '</svg>',
    '',
  ].join('\n');
}

function row(change: string, samples: readonly Sample[], y: number): string[] {
  const values = samples.map(({ longestMs }) => longestMs);
  const median = at(summarize(values)?.median ?? 1);
  return [
    `<text x="10" y="${y + 4}">${change}</text>`,
    ...values.map(
      (value) => `<circle cx="${at(value)}" cy="${y}" r="4" fill="${colour}" fill-opacity="0.45"/>`,
    ),
    `<line x1="${median}" y1="${y - 9}" x2="${median}" y2="${y + 9}" stroke="${colour}" stroke-width="2"/>`,
  ];
}

function at(milliseconds: number): number {
  const [first = 10] = ticks;
  const last = 20_000;
  const share = Math.log(Math.min(last, Math.max(first, milliseconds)) / first) / Math.log(last / first);
  return Math.round(labelWidth + share * plotWidth);
}
