/** What became of one step of a run. */
export interface StepResult {
  readonly name: string;
  readonly verdict: 'passed' | 'failed' | 'left out';
  readonly seconds: number;
  /** One line. */
  readonly detail: string;
  /** What it printed, where that is worth reading. */
  readonly text?: string;
}

/** A run, for an issue. */
export interface Report {
  /** What ran, where and when: a line for each. */
  readonly facts: Readonly<Record<string, string>>;
  readonly steps: readonly StepResult[];
}

export function succeeded({ steps }: Pick<Report, 'steps'>): boolean {
  return steps.length > 0 && steps.every(({ verdict }) => verdict === 'passed');
}

/** The report as Markdown; no secret is in what Pulumi prints, nor in what `verify` and the benchmark do. */
export function reportMarkdown(report: Report): string {
  const { facts, steps } = report;
  const texts = steps.flatMap(({ name, text }) =>
    text === undefined || text.trim() === '' ? [] : [`## ${name}`, '', '```text', ...last(text), '```', ''],
  );
  return [
    `# aws-check: ${succeeded(report) ? 'passed' : 'failed'}`,
    '',
    ...Object.entries(facts).map(([name, value]) => `- ${name}: ${value}`),
    '',
    '| step | verdict | s | what |',
    '| --- | --- | --- | --- |',
    ...steps.map(
      ({ name, verdict, seconds, detail }) =>
        `| ${[name, verdict, seconds.toFixed(0), detail].map(cell).join(' | ')} |`,
    ),
    '',
    ...texts,
  ].join('\n');
}

/** An issue takes 65,536 characters. */
const mostLines = 120;

function last(text: string): readonly string[] {
  const lines = text.trimEnd().split('\n');
  return lines.length <= mostLines
    ? lines
    : [`... ${lines.length - mostLines} lines before`, ...lines.slice(-mostLines)];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
