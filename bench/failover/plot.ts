import type { Cell } from './cells';
import { faults } from '../../proving/pair/faults';
import { conditionsText } from './report';
import type { Results } from './results';
import { summarize } from '../statistics';

const rowHeight = 30;
const labelWidth = 420;
const plotWidth = 520;
const top = 52;
const ticks = [10, 100, 1_000, 10_000];

/** A row per cell on a logarithmic scale: every run as a dot, the median as a line. */
export function outagePlot({ runs }: Results, cells: readonly Cell[]): string {
  const rows = cells
    .map((cell) => ({
      cell,
      values: runs.filter((run) => run.cell === cell.id).map(({ outageMs }) => outageMs),
    }))
    .filter(({ values }) => values.length > 0);
  const height = top + rows.length * rowHeight + 10;
  const width = labelWidth + plotWidth + 20;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="10" y="20">Time without service for new connections, ms (a dot a run, line: median)</text>`,
    ...ticks.flatMap((tick) => [
      `<line x1="${at(tick)}" y1="${top - 6}" x2="${at(tick)}" y2="${height - 10}" stroke="#ddd"/>`,
      `<text x="${at(tick)}" y="${top - 10}" text-anchor="middle" fill="#555">${tick}</text>`,
    ]),
    ...rows.flatMap(({ cell, values }, index) => row(cell, values, top + index * rowHeight + rowHeight / 2)),
    '</svg>',
    '',
  ].join('\n');
}

function row(cell: Cell, values: readonly number[], y: number): string[] {
  const color = cell.setup.baseline ? '#b5482a' : '#1f6f8b';
  const median = at(summarize(values)?.median ?? 1);
  return [
    `<text x="10" y="${y - 2}">${escapeXml(faults[cell.fault].title)}</text>`,
    `<text x="10" y="${y + 11}" font-size="10" fill="#666">${escapeXml(conditionsText(cell))}</text>`,
    ...values.map(
      (value) => `<circle cx="${at(value)}" cy="${y}" r="4" fill="${color}" fill-opacity="0.45"/>`,
    ),
    `<line x1="${median}" y1="${y - 9}" x2="${median}" y2="${y + 9}" stroke="${color}" stroke-width="2"/>`,
  ];
}

function at(milliseconds: number): number {
  const [first = 10] = ticks;
  const last = 20_000;
  const within = Math.min(last, Math.max(first, milliseconds));
  const share = Math.log(within / first) / Math.log(last / first);
  return Math.round(labelWidth + share * plotWidth);
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
