import { outputsJson } from '../../lab/commands/outputs';
import { labTarget, type Target } from '../pair/target';
import { product } from '../product';
import { parseOutputs, type Outputs } from '../../verify/outputs';
import { describeStep, stepOf } from './plan';
import { weather } from './storm';
import { Traffic } from './traffic';

const pairs = 4;

/** The lab that is up, with clients on it, and what is done to it step by step. */
export class Chaos {
  private constructor(
    private readonly target: Target,
    private readonly outputs: Outputs,
    private readonly traffic: Traffic,
  ) {}

  static async begin(): Promise<Chaos> {
    const target = await labTarget();
    const outputs = parseOutputs(await outputsJson(product()));
    return new Chaos(target, outputs, await Traffic.begin(target, pairs));
  }

  /** A line for each thing that a step left wrong, with how to run that step again; throws when it never was right. */
  async step(seed: number, number: number): Promise<readonly string[]> {
    const step = stepOf(seed, number, this.outputs.brokers.length);
    const what = `seed ${seed}, step ${number}: ${describeStep(step)}`;
    const again = `again: npm test -- chaos --seed ${seed} --step ${number}`;
    say(what);
    try {
      const { rightAfterMs, problems } = await weather(step, this.target, this.outputs, this.traffic);
      say(`right after ${rightAfterMs} ms`);
      const lines = problems.map((problem) => `${what}: ${problem}; ${again}`);
      for (const line of lines) say(line);
      return lines;
    } catch (error) {
      throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}; ${again}`, {
        cause: error,
      });
    }
  }

  async end(): Promise<void> {
    await this.traffic.end();
    await this.target.close();
  }
}

/** To whoever watches a run. */
export function say(line: string): void {
  process.stderr.write(`  chaos: ${line}\n`);
}
