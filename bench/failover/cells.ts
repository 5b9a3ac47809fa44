import { faults, type FaultName } from '../../proving/pair/faults';
import type { Setup } from '../../proving/pair/setup';

/** A setup, a fault, and how EC2 behaves: what is measured a number of times. Cells of one setup come together. */
export interface Cell {
  readonly id: string;
  readonly setup: Setup;
  readonly fault: FaultName;
  /** Between EC2's answer and its effect; the lab's own is about none. */
  readonly apiDelayMs: number;
  /** How long connections go on to the former holder. */
  readonly lingerMs: number;
  /** Of the clients that are connected when the fault comes. */
  readonly keepaliveSeconds: number;
  readonly runs: number;
  /** In how many of the runs such clients are watched too: a run then lasts until they are back. */
  readonly clientRuns: number;
}

const mainRuns = 30;
const otherRuns = 5;
const clientRuns = 3;
const usualKeepaliveSeconds = 5;
/** Few: such a run lasts a minute and a half where nothing tells the client. */
const longKeepalive = { keepaliveSeconds: 60, runs: 2, clientRuns: 2 };
const main = { runs: mainRuns, clientRuns: 5 };

const standard: Setup = { advertIntervalMs: 100, graceMs: 1_000, baseline: false };
const atOnce: Setup = { ...standard, graceMs: 0 };
const fast: Setup = { ...atOnce, advertIntervalMs: 50 };
const otherModes: readonly Setup[] = (['route', 'privateIp'] as const).map((mode) => ({ ...standard, mode }));
const examples: Setup = { advertIntervalMs: 1_000, graceMs: 0, baseline: true };
const allFaults = Object.keys(faults) as FaultName[];

/** All cells, those of one setup together: a change of setup takes longer than a run. */
export const cells: readonly Cell[] = [
  ...allFaults.map((fault) =>
    cell(standard, fault, fault === 'haproxyKilled' || fault === 'hostCrash' ? main : {}),
  ),
  ...[1_000, 5_000].map((apiDelayMs) => cell(standard, 'hostCrash', { apiDelayMs })),
  cell(standard, 'hostCrash', { lingerMs: 30_000 }),
  cell(standard, 'hostCrash', longKeepalive),
  cell(standard, 'handover', longKeepalive),
  cell(atOnce, 'haproxyKept', main),
  ...[1_000, 5_000].map((apiDelayMs) => cell(atOnce, 'haproxyKept', { apiDelayMs })),
  cell(atOnce, 'haproxyKept', { lingerMs: 30_000 }),
  cell(fast, 'haproxyKept'),
  cell(fast, 'hostCrash'),
  ...otherModes.flatMap((setup) => allFaults.map((fault) => cell(setup, fault, { clientRuns: 2 }))),
  cell(examples, 'haproxyKilled'),
  cell(examples, 'haproxyKept'),
  cell(examples, 'hostCrash'),
  cell(examples, 'handover'),
];

/** What a login can cause on a stack that is set up like this; EC2 behaves as it does. */
export function cellsOf(setup: Setup): readonly Cell[] {
  return allFaults.filter((fault) => !faults[fault].labOnly).map((fault) => cell(setup, fault));
}

/** Of all cells those that `only` names, by id or by fault, with as many runs as were asked for. */
export function chosenOf(all: readonly Cell[], only?: string, runs?: number): readonly Cell[] {
  const wanted = only?.split(',') ?? all.map(({ id }) => id);
  const isMeant = (cell: Cell, name: string) => name === cell.id || name === cell.fault;
  const unknown = wanted.filter((name) => !all.some((cell) => isMeant(cell, name)));
  if (unknown.length > 0) {
    const known = new Set(all.flatMap(({ fault, id }) => [fault, id]));
    throw new Error(`--only names ${unknown.join(', ')}; there are:\n  ${[...known].join('\n  ')}`);
  }
  return all
    .filter((cell) => wanted.some((name) => isMeant(cell, name)))
    .map((cell) => ({ ...cell, runs: runs ?? cell.runs }));
}

type Details = Partial<Omit<Cell, 'id' | 'setup' | 'fault'>>;

function cell(setup: Setup, fault: FaultName, details: Details = {}): Cell {
  const whole = {
    apiDelayMs: 0,
    lingerMs: 0,
    keepaliveSeconds: usualKeepaliveSeconds,
    runs: otherRuns,
    clientRuns,
    ...details,
  };
  const { apiDelayMs, lingerMs, keepaliveSeconds } = whole;
  const parts = [
    fault,
    ...(setup.mode === undefined || setup.mode === 'elasticIp' ? [] : [setup.mode]),
    setup.baseline ? 'baseline' : `${setup.advertIntervalMs}ms-grace${setup.graceMs}`,
    ...(apiDelayMs > 0 ? [`delay${apiDelayMs}`] : []),
    ...(lingerMs > 0 ? [`linger${lingerMs}`] : []),
    ...(keepaliveSeconds === usualKeepaliveSeconds ? [] : [`keepalive${keepaliveSeconds}`]),
  ];
  return { id: parts.join('-'), setup, fault, ...whole };
}
