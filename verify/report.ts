import type { Result, Verdict } from './checks';
import type { Spread } from './mqttChecks';

const marks: Readonly<Record<Verdict, string>> = { pass: 'ok  ', warn: 'warn', fail: 'FAIL' };

/** The table that a person reads. */
export function formatReport(results: readonly Result[], spread: Spread, totalMs: number): string {
  const width = Math.max(...results.map(({ name }) => name.length));
  const lines = results.map(
    ({ name, verdict, detail, durationMs }) =>
      `${marks[verdict]}  ${name.padEnd(width)}  ${`${durationMs} ms`.padStart(8)}  ${detail}`,
  );
  const tally = (verdict: Verdict) => results.filter((result) => result.verdict === verdict).length;
  const summary = `${tally('pass')} passed, ${tally('warn')} warnings, ${tally('fail')} failed in ${(totalMs / 1000).toFixed(1)} s`;
  return [...lines, '', ...formatSpread(spread), summary, ''].join('\n');
}

function formatSpread(spread: Spread): string[] {
  const [first] = spread;
  if (first === undefined) return [];
  const brokers = Object.keys(first.clients);
  const rows = [
    ['clients on each broker', ...brokers],
    ...spread.map(({ group, clients }) => [group, ...brokers.map((broker) => String(clients[broker] ?? 0))]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const format = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ');
  return [...rows.map(format), ''];
}

/** True when no check failed; a warning counts as a failure when `strict`. */
export function succeeded(results: readonly Result[], strict: boolean): boolean {
  return results.every(({ verdict }) => verdict === 'pass' || (verdict === 'warn' && !strict));
}
