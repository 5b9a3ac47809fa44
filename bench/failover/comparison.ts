import type { Cell } from './cells';
import { faults } from '../../proving/pair/faults';
import type { Results } from './results';
import { summarize } from '../statistics';

/** What the public examples cost beside ours, in a sentence; nothing where either was not measured. */
export function comparisonSentences(runs: Results['runs'], cells: readonly Cell[]): readonly string[] {
  const median = (cell: Cell | undefined) =>
    summarize(runs.filter((run) => run.cell === cell?.id).map(({ outageMs }) => outageMs))?.median;
  const parts = cells
    .filter(({ setup }) => setup.baseline)
    .flatMap((theirs) => {
      const ours = median(counterpart(theirs, cells));
      const other = median(theirs);
      if (ours === undefined || other === undefined) return [];
      const { title } = faults[theirs.fault];
      return [
        `${title}: ${other.toFixed(0)} ms instead of ${ours.toFixed(0)}, ${(other / ours).toFixed(1)} times`,
      ];
    });
  if (parts.length === 0) return [];
  return [
    `Medians of what the public examples on the same hosts take, beside ours at 100 ms adverts: ${parts.join('; ')}.`,
    '',
  ];
}

/** The examples have no grace, so ours has none either where it was measured without. */
function counterpart({ fault }: Cell, cells: readonly Cell[]): Cell | undefined {
  const alike = cells.filter(
    ({ setup, apiDelayMs, lingerMs, ...cell }) =>
      cell.fault === fault &&
      !setup.baseline &&
      setup.mode === undefined &&
      setup.advertIntervalMs === 100 &&
      apiDelayMs + lingerMs === 0,
  );
  return alike.find(({ setup }) => setup.graceMs === 0) ?? alike[0];
}
