import { join } from 'node:path';
import { labHome } from '../../lab/paths';
import { lower, raise } from '../../proving/pair/labStack';
import type { Setup } from '../../proving/pair/setup';
import { labTarget, type Target } from '../../proving/pair/target';
import { installBaseline } from './baseline';
import { writeKept } from '../kept';
import type { Cell } from './cells';
import { setupText } from './report';
import { describeMachine, readRuns, type Results, type Run } from './results';
import { runOnce } from './run';

const runsFile = join(labHome, 'bench', 'failover-runs.json');
/** One failure may be the lab's; with the second a cell is given up, so that it does not hold up the others. */
const failuresAllowed = 1;

/** All runs of cells in the lab, those of earlier, interrupted campaigns included. */
export class Campaign {
  readonly #failures = new Map<string, number>();
  /** What runs in the lab, unless a fault may be left in it. */
  #present: Setup | undefined;

  constructor(
    private readonly cells: readonly Cell[],
    private readonly publish: (results: Results) => Promise<void>,
  ) {}

  /** Measures what is missing, a setup at a time, and ends the lab; gives the cells that had to be given up. */
  async run(): Promise<readonly Cell[]> {
    for (const setup of new Set(this.cells.map((cell) => cell.setup))) {
      const missing = () => this.cells.filter((cell) => cell.setup === setup && this.#isMissing(cell));
      // Once more after each failure, on fresh hosts.
      while (missing().length > 0) await this.#measure(setup, missing());
    }
    await lower();
    return this.cells.filter((cell) => this.#isGivenUp(cell));
  }

  async #measure(setup: Setup, missing: readonly Cell[]): Promise<void> {
    say(`setup: ${setupText(setup)}`);
    if (this.#present === undefined || !leadsTo(this.#present, setup)) await lower();
    this.#present = undefined;
    await raise(setup);
    const target = await labTarget();
    try {
      if (setup.baseline) await installBaseline(target);
      let areAllWell = true;
      for (const cell of missing) areAllWell &&= await this.#measureCell(target, cell);
      if (areAllWell) this.#present = setup;
      const runs = readRuns(runsFile);
      if (runs.length > 0) await this.publish({ machine: await describeMachine(target), runs });
    } finally {
      await target.close();
    }
  }

  /** False when a run failed. */
  async #measureCell(target: Target, cell: Cell): Promise<boolean> {
    try {
      while (this.#isMissing(cell)) {
        const withClients = this.#runs(cell).filter(({ clients }) => clients !== undefined);
        const run = await measure(target, cell, withClients.length < cell.clientRuns);
        writeKept(runsFile, [...readRuns(runsFile), run]);
      }
      return true;
    } catch (error) {
      say(`${cell.id}: failed: ${error instanceof Error ? error.message : String(error)}`);
      this.#failures.set(cell.id, (this.#failures.get(cell.id) ?? 0) + 1);
      return false;
    }
  }

  #isMissing(cell: Cell): boolean {
    return !this.#isGivenUp(cell) && this.#runs(cell).length < cell.runs;
  }

  #isGivenUp(cell: Cell): boolean {
    return (this.#failures.get(cell.id) ?? 0) > failuresAllowed;
  }

  #runs(cell: Cell): readonly Run[] {
    return readRuns(runsFile).filter((run) => run.cell === cell.id);
  }
}

/** A run, said on standard error. */
export async function measure(target: Target, cell: Cell, withClients: boolean): Promise<Run> {
  const begunAt = Date.now();
  const run = await runOnce(target, cell, withClients);
  const tookSeconds = ((Date.now() - begunAt) / 1000).toFixed(1);
  say(
    `${cell.id}: ${run.outageMs.toFixed(0)} ms, right again after ${run.settledMs.toFixed(0)} ms (${tookSeconds} s)`,
  );
  return run;
}

/** On standard error: the figures are what the benchmark is for. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Whether `up` alone makes one setup of the other. The baseline's hosts are no longer what `up` made. */
function leadsTo(from: Setup, to: Setup): boolean {
  return !from.baseline && !to.baseline && from.mode === to.mode;
}

/** The next begins anew. */
export function forgetRuns(): void {
  writeKept(runsFile, []);
}
