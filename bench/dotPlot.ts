import { summarize } from './statistics';

/** Values of one kind: every run a dot, the median a line. */
export interface DotRow {
  readonly label: string;
  /** Smaller, below the label. */
  readonly note?: string;
  readonly color: string;
  readonly valuesMs: readonly number[];
}

interface Frame {
  readonly title: string;
  readonly labelWidth: number;
  readonly rowHeight: number;
  /** A dashed line across all rows. */
  readonly aimMs?: number;
}

const plotWidth = 520;
const top = 52;
const [firstMs, lastMs] = [10, 20_000];
const ticks = [firstMs, 100, 1_000, 10_000];

/** Milliseconds on a logarithmic scale, a row for each kind, as SVG. */
export function dotPlot({ title, labelWidth, rowHeight, aimMs }: Frame, rows: readonly DotRow[]): string {
  const height = top + rows.length * rowHeight + 10;
  const width = labelWidth + plotWidth + 20;
  const at = (milliseconds: number): number => {
    const within = Math.min(lastMs, Math.max(firstMs, milliseconds));
    return Math.round(labelWidth + (Math.log(within / firstMs) / Math.log(lastMs / firstMs)) * plotWidth);
  };
  const upright = (x: number, style: string) =>
    `<line x1="${x}" y1="${top - 6}" x2="${x}" y2="${height - 10}" ${style}/>`;
  const drawn = ({ label, note, color, valuesMs }: DotRow, index: number): string[] => {
    const y = top + index * rowHeight + rowHeight / 2;
    const median = at(summarize(valuesMs)?.median ?? 1);
    return [
      `<text x="10" y="${note === undefined ? y + 4 : y - 2}">${escapeXml(label)}</text>`,
      ...(note === undefined
        ? []
        : [`<text x="10" y="${y + 11}" font-size="10" fill="#666">${escapeXml(note)}</text>`]),
      ...valuesMs.map(
        (value) => `<circle cx="${at(value)}" cy="${y}" r="4" fill="${color}" fill-opacity="0.45"/>`,
      ),
      `<line x1="${median}" y1="${y - 9}" x2="${median}" y2="${y + 9}" stroke="${color}" stroke-width="2"/>`,
    ];
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="10" y="20">${escapeXml(title)}</text>`,
    ...ticks.flatMap((tick) => [
      upright(at(tick), 'stroke="#ddd"'),
      `<text x="${at(tick)}" y="${top - 10}" text-anchor="middle" fill="#555">${tick}</text>`,
    ]),
    ...(aimMs === undefined ? [] : [upright(at(aimMs), 'stroke="#b5482a" stroke-dasharray="4"')]),
    ...rows.flatMap(drawn),
    '</svg>',
    '',
  ].join('\n');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
