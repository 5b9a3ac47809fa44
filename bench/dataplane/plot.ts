import { contestantTitles, type ContestantName } from './contestant';
import { metrics, servedLimitSeconds, type MeasurementName, type Metric } from './metrics';
import type { Results } from './results';
import { Series } from './series';
import { spreadOf } from './statistics';

const rowHeight = 22;
const labelWidth = 400;
const plotWidth = 460;
const head = 54;

const colors: Partial<Record<ContestantName, string>> = {
  nginx: '#7a7a7a',
  guide: '#b5482a',
  oursGuideLog: '#7fb3c8',
  ours: '#1f6f8b',
};

interface Row {
  readonly title: string;
  readonly color: string;
  readonly values: readonly number[];
  readonly note?: string;
}

interface Panel {
  readonly title: string;
  readonly first: number;
  readonly last: number;
  readonly ticks: readonly number[];
  readonly rows: readonly Row[];
}

/** Costs as ratios to the guide's, and how long clients of a failed broker wait: every round a dot, a line the median. */
export function ratioPlot(results: Results): string {
  const panels = [costs(results), outages(results)].filter(({ rows }) => rows.length > 0);
  const heights = panels.map(({ rows }) => head + rows.length * rowHeight + 16);
  const height = heights.reduce((sum, each) => sum + each, 0);
  const width = labelWidth + plotWidth + 30;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...panels.flatMap((panel, index) =>
      draw(
        panel,
        heights.slice(0, index).reduce((sum, each) => sum + each, 0),
      ),
    ),
    '</svg>',
    '',
  ].join('\n');
}

/** What is lower where it is better; a rate becomes the time that one takes. */
function costs({ samples }: Results): Panel {
  const measured: readonly MeasurementName[] = [
    'connections',
    'publishing',
    'memory',
    'handshakes',
    'mutualHandshakes',
    'oldTickets',
    'mutualOldTickets',
    'storm',
  ];
  const rows = measured.flatMap((name) =>
    metrics[name]
      .filter(({ unit }: Metric) => unit !== '%' && unit !== '')
      .flatMap((metric: Metric) => {
        const series = new Series(samples, name, metric.id);
        return (['nginx', 'ours', 'oursGuideLog'] as const).flatMap((contestant): Row[] => {
          const ratios = series.ratios(contestant, 'guide');
          if (ratios.length === 0) return [];
          const values = metric.better === 'higher' ? ratios.map((ratio) => 1 / ratio) : ratios;
          const what = metric.better === 'higher' ? `${metric.title}, time for one` : metric.title;
          return [{ title: `${what}: ${contestantTitles[contestant]}`, color: color(contestant), values }];
        });
      }),
  );
  const title = "Cost as a ratio to the guide's in the same round; lower is better";
  return { title, first: 0.25, last: 4, ticks: [0.25, 0.5, 1, 2, 4], rows };
}

function outages({ samples }: Results): Panel {
  const rows = metrics.brokerFailure
    .filter(({ unit }) => unit === 's')
    .flatMap(({ id, title }) => {
      const series = new Series(samples, 'brokerFailure', id);
      return (['guide', 'ours'] as const).flatMap((contestant): Row[] => {
        const values = series.values(contestant);
        if (values.length === 0) return [];
        const served = values.filter((value) => value !== null);
        const label = { title: `${title}: ${contestantTitles[contestant]}`, color: color(contestant) };
        if (served.length === values.length) return [{ ...label, values: served }];
        return [
          { ...label, values: served, note: `${values.length - served.length} of ${values.length} not` },
        ];
      });
    });
  const title = `Until all clients of a failed broker are served, s (waited for ${servedLimitSeconds} s)`;
  return { title, first: 0.05, last: servedLimitSeconds, ticks: [0.1, 0.3, 1, 3, 10], rows };
}

function draw({ title, first, last, ticks, rows }: Panel, top: number): string[] {
  const at = (value: number) => {
    const share = Math.log(Math.min(Math.max(value, first), last) / first) / Math.log(last / first);
    return Math.round(labelWidth + share * plotWidth);
  };
  const bottom = top + head + rows.length * rowHeight;
  return [
    `<text x="10" y="${top + 20}" font-weight="bold">${escapeXml(title)}</text>`,
    ...ticks.flatMap((tick) => [
      `<line x1="${at(tick)}" y1="${top + head - 8}" x2="${at(tick)}" y2="${bottom}" stroke="${tick === 1 ? '#999' : '#ddd'}"/>`,
      `<text x="${at(tick)}" y="${top + head - 12}" text-anchor="middle" fill="#555">${tick}</text>`,
    ]),
    ...rows.flatMap((row, index) => drawRow(row, top + head + index * rowHeight + rowHeight / 2, at)),
  ];
}

function drawRow(
  { title, color: fill, values, note }: Row,
  y: number,
  at: (value: number) => number,
): string[] {
  const middle = spreadOf(values)?.median;
  return [
    `<text x="10" y="${y + 4}" font-size="11">${escapeXml(title)}</text>`,
    ...values.map(
      (value) => `<circle cx="${at(value)}" cy="${y}" r="4" fill="${fill}" fill-opacity="0.45"/>`,
    ),
    ...(middle === undefined
      ? []
      : [
          `<line x1="${at(middle)}" y1="${y - 8}" x2="${at(middle)}" y2="${y + 8}" stroke="${fill}" stroke-width="2"/>`,
        ]),
    ...(note === undefined
      ? []
      : [
          `<text x="${labelWidth + plotWidth}" y="${y + 4}" text-anchor="end" fill="${fill}">${escapeXml(note)} →</text>`,
        ]),
  ];
}

function color(contestant: ContestantName): string {
  return colors[contestant] ?? '#333';
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
