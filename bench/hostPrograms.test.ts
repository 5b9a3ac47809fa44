import { expect, it } from 'vitest';
import { reportMarkdown, type Watching } from './hostPrograms/report';

const look = {
  seconds: 10,
  processorShare: 0.012,
  latestSeconds: 0.004,
  closed_drain: 1_000,
  closed_down: 0,
};
const run: Watching = {
  sessions: 50_400,
  workers: 6,
  idle: look,
  draining: look,
  frozen: { ...look, processorShare: 0.03 },
  failedReloadSeconds: [2.1, 2.5, 2.3],
  restarts: { count: 3, faultSeconds: [0.1, 0.2, 0.3] },
};

it('the page of the programs on hosts has each part that was measured, with its spread', () => {
  const machine = { kernel: '6' };
  const watching = { machine, runs: [run, { ...run, idle: { ...look, processorShare: 0.02 } }] };
  const page = reportMarkdown({ watching });
  expect(page).toContain('| all is well | 1.6 (1.2 to 2.0) | 4 (4 to 4) | 100 (100 to 100) |');
  expect(page).toContain('told as failed after 2.30 (2.10 to 2.50) s (6 reloads)');
  expect(page).not.toContain('Kills and restarts');
  const result = { clients: 1_000, ofEach: 100, closed: 0, holders: 1, leftRotation: [] };
  expect(reportMarkdown({ watching, residents: { machine, result, seconds: 500 } })).toContain(
    'was killed or restarted 100 times at random moments, on hosts at random, under\n1,000 clients: 0 connections ended, 1 interface had the address, brokers left rotation 0 times.',
  );
});
