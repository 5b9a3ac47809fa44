import { expect, test } from 'vitest';
import { Lag } from '../../lab/api/ec2/lag';
import { Parameters } from '../../lab/api/parameters';

const addresses = Parameters.of({
  Action: 'DescribeAddresses',
  'AllocationId.1': 'eipalloc-00000000000000001',
});
const release = Parameters.of({ Action: 'ReleaseAddress', AllocationId: 'eipalloc-00000000000000001' });
const lagMs = 10_000;

function lagAt() {
  const clock = { now: 0 };
  return { clock, lag: new Lag(() => clock.now) };
}

test('what was just made is not known yet, to reads and writes alike', () => {
  const { clock, lag } = lagAt();
  const allocate = Parameters.of({ Action: 'AllocateAddress' });
  lag.answer('runner', allocate, '<allocationId>eipalloc-00000000000000001</allocationId>', lagMs);
  clock.now = lagMs - 1;
  for (const call of [addresses, release]) {
    expect(() => lag.mustBeKnown(call, lagMs)).toThrow("'eipalloc-00000000000000001' does not exist");
    expect(() => lag.mustBeKnown(call, 0)).not.toThrow();
  }
  clock.now = lagMs;
  expect(() => lag.mustBeKnown(addresses, lagMs)).not.toThrow();
});

test('a question that was asked before is answered as it was then', () => {
  const { clock, lag } = lagAt();
  const ask = (at: number, truth: string, behind = lagMs) => {
    clock.now = at;
    return lag.answer('runner', addresses, truth, behind);
  };
  expect(ask(0, 'a')).toBe('a');
  expect(ask(2_000, 'b')).toBe('a');
  expect(ask(9_000, 'b')).toBe('a');
  expect(ask(12_000, 'b')).toBe('b');
  expect(ask(13_000, 'c')).toBe('b');
  expect(ask(14_000, 'c', 0)).toBe('c');
  expect(ask(15_000, 'd')).toBe('d');
});

test('each caller has a past of its own, and a write has none', () => {
  const { clock, lag } = lagAt();
  lag.answer('runner', addresses, 'a', lagMs);
  clock.now = 1_000;
  expect(lag.answer('instance', addresses, 'b', lagMs)).toBe('b');
  lag.answer('runner', release, 'a', lagMs);
  clock.now = 2_000;
  expect(lag.answer('runner', release, 'b', lagMs)).toBe('b');
});
