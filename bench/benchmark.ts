/** Runs with what follows its name on the command line and gives the exit code. */
export type Benchmark = (args: readonly string[]) => Promise<number>;
