import { dirname } from 'node:path';
import { loadProgram, type Program } from '../lab/program';

/** The checkout. */
export const repositoryRoot = dirname(__dirname);

/** The product's program, as the lab runs it; its configuration is the one that LAB_STACK_FILE names now. */
export function product(): Program {
  return loadProgram(repositoryRoot);
}
