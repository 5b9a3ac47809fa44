import type { Benchmark } from './cli';

/** How long clients are without service when a balancer fails. */
export const benchmark: Benchmark = async () => {
  await Promise.resolve();
  throw new Error('not here yet');
};
