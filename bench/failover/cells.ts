import { faults, type FaultName } from './faults';

/** How the pair is set up; cells of one setup are measured one after the other. */
export interface Setup {
  readonly advertIntervalMs: number;
  readonly graceMs: number;
  /** Keepalived's defaults and a script with boto3, as the public examples have it, in place of ours. */
  readonly baseline: boolean;
}

/** A setup, a fault, and how EC2 behaves: what is measured a number of times. */
export interface Cell {
  readonly id: string;
  readonly setup: Setup;
  readonly fault: FaultName;
  /** Between EC2's answer and its effect; the lab's own is about none. */
  readonly apiDelayMs: number;
  /** How long connections go on to the former holder. */
  readonly lingerMs: number;
}

const standard: Setup = { advertIntervalMs: 100, graceMs: 1_000, baseline: false };
const atOnce: Setup = { ...standard, graceMs: 0 };
const fast: Setup = { advertIntervalMs: 50, graceMs: 0, baseline: false };
const examples: Setup = { advertIntervalMs: 1_000, graceMs: 0, baseline: true };

/** All cells, those of one setup together: a change of setup takes longer than a run. */
export const cells: readonly Cell[] = [
  ...(Object.keys(faults) as FaultName[])
    .filter((fault) => fault !== 'haproxyKept')
    .map((fault) => cell(standard, fault)),
  ...[1_000, 5_000].map((apiDelayMs) => cell(standard, 'hostCrash', { apiDelayMs })),
  cell(standard, 'hostCrash', { lingerMs: 30_000 }),
  cell(atOnce, 'haproxyKept'),
  ...[1_000, 5_000].map((apiDelayMs) => cell(atOnce, 'haproxyKept', { apiDelayMs })),
  cell(fast, 'haproxyKept'),
  cell(fast, 'hostCrash'),
  cell(examples, 'haproxyKept'),
  cell(examples, 'hostCrash'),
  cell(examples, 'handover'),
];

function cell(
  setup: Setup,
  fault: FaultName,
  ec2: Partial<Pick<Cell, 'apiDelayMs' | 'lingerMs'>> = {},
): Cell {
  const { apiDelayMs = 0, lingerMs = 0 } = ec2;
  const parts = [
    fault,
    setup.baseline ? 'baseline' : `${setup.advertIntervalMs}ms-grace${setup.graceMs}`,
    ...(apiDelayMs > 0 ? [`delay${apiDelayMs}`] : []),
    ...(lingerMs > 0 ? [`linger${lingerMs}`] : []),
  ];
  return { id: parts.join('-'), setup, fault, apiDelayMs, lingerMs };
}
