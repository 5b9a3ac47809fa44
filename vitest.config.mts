import { defineConfig } from 'vitest/config';

/**
 * A machine shared with others can stall a process for longer than the 300 ms after which a broker counts as frozen:
 * CI tries such a test once more, and what fails twice is a fault.
 */
const retry = process.env['CI'] === undefined ? 0 : 1;

/** One file after the other: they share one network and one cluster. */
const lab = (name: string, include: string, testTimeout = 300_000) => ({
  test: {
    name,
    include: [include],
    testTimeout,
    hookTimeout: 1_200_000,
    fileParallelism: false,
    retry,
  },
});

/** Unit tests need nothing but npm's packages; nothing else runs beside them, and by default one core is left idle. */
const unit = { testTimeout: 30_000, hookTimeout: 30_000, maxWorkers: '100%' };

/** The projects of another name need root and what tests/run.ts prepares. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...unit,
          name: 'unit',
          include: ['tests/unit/*.test.ts', 'bench/*.test.ts'],
          // Loading Pulumi's SDK and its providers anew for each file costs more than all tests do.
          isolate: false,
        },
      },
      // What replaces a module, or must be there before one is loaded, has modules of its own.
      { test: { ...unit, name: 'unit-alone', include: ['tests/unit/alone/*.test.ts'] } },
      {
        test: {
          name: 'templates',
          include: ['tests/templates/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'package',
          include: ['tests/package/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'dataplane',
          include: ['tests/dataplane/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          retry,
        },
      },
      // What rendered files and programs of ours do on the HAProxy and Keepalived of Debian's next release.
      {
        test: {
          name: 'next-debian',
          include: ['tests/templates/rendered.test.ts', 'tests/dataplane/**/*.test.ts'],
          env: { DEBIAN: 'next' },
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      lab('upgrade', 'tests/upgrade/**/*.test.ts'),
      lab('languages', 'tests/languages/**/*.test.ts'),
      lab('lab-parts', 'tests/lab/parts/**/*.test.ts'),
      lab('lab', 'tests/lab/cluster/**/*.test.ts'),
      // Hosts that do not answer are waited for, for minutes, and all are replaced after them.
      lab('lab-changes', 'tests/lab/changes/**/*.test.ts', 900_000),
      lab('lab-vip', 'tests/lab/vip/**/*.test.ts'),
      lab('lab-modes', 'tests/lab/modes/**/*.test.ts'),
      lab('lab-check', 'tests/lab/check/**/*.test.ts'),
      lab('examples', 'tests/lab/examples/**/*.test.ts', 600_000),
      lab('chaos', 'tests/chaos/chaos.test.ts'),
      lab('rollouts', 'tests/chaos/rollouts.test.ts'),
    ],
  },
});
