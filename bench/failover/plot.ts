import { faults } from '../../proving/pair/faults';
import { dotPlot } from '../dotPlot';
import type { Cell } from './cells';
import { conditionsText } from './report';
import type { Results } from './results';

const frame = {
  title: 'Time without service for new connections, ms (a dot a run, line: median)',
  labelWidth: 420,
  rowHeight: 30,
};

/** A row for each cell that was measured. */
export function outagePlot({ runs }: Results, cells: readonly Cell[]): string {
  const rows = cells.map((cell) => ({
    label: faults[cell.fault].title,
    note: conditionsText(cell),
    color: cell.setup.baseline ? '#b5482a' : '#1f6f8b',
    valuesMs: runs.filter((run) => run.cell === cell.id).map(({ outageMs }) => outageMs),
  }));
  return dotPlot(
    frame,
    rows.filter(({ valuesMs }) => valuesMs.length > 0),
  );
}
