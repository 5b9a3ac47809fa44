import { expect, it } from 'vitest';
import { chaosOptions } from '../chaos/options';

it('is short and of one seed among all suites', () => {
  expect(chaosOptions({})).toEqual({ seed: 1, minutes: 2, only: undefined });
});

it('is of a seed that is drawn, or as it is told', () => {
  expect(Number.isInteger(chaosOptions({ CHAOS_MINUTES: '10' }).seed)).toBe(true);
  const told = { CHAOS_SEED: '0', CHAOS_MINUTES: '60', CHAOS_STEP: '17' };
  expect(chaosOptions(told)).toEqual({ seed: 0, minutes: 60, only: 17 });
});

it.each([
  [{ CHAOS_SEED: 'x' }, '--seed takes a whole number from 0, and not x'],
  [{ CHAOS_MINUTES: '0' }, '--minutes takes a whole number from 1, and not 0'],
  [{ CHAOS_STEP: '-1' }, '--step takes a whole number from 0, and not -1'],
])('refuses %o', (told, message) => {
  expect(() => chaosOptions(told)).toThrow(message);
});
