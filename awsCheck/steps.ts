import { readOutputs } from '../verify/outputs';
import { formatReport, succeeded as verified } from '../verify/report';
import { verify } from '../verify/verify';
import type { StepResult } from './report';
import type { Settings } from './settings';
import type { Ran, Stack } from './stack';
import { changed, run } from './stack';
import type { Configuration } from '../infra/configuration';

/** One step: what it proves, in one line, with what it printed; it throws when it does not. */
interface Step {
  readonly name: string;
  readonly work: (signal: AbortSignal) => Promise<{ readonly detail: string; readonly text?: string }>;
}

/** A step that failed, with what it printed. */
class Failed extends Error {
  constructor(
    message: string,
    readonly text: string,
  ) {
    super(message);
  }
}

export interface Run {
  readonly settings: Pick<Settings, 'region' | 'failovers'>;
  readonly stack: Pick<Stack, 'name' | 'configure' | 'up' | 'refresh' | 'destroy' | 'remove'>;
  /** What is there of a stack, a line for each resource. */
  readonly leftovers: (region: string, stack: string) => Promise<readonly string[]>;
  readonly configuration: Configuration;
  /** Aborted when the time is over, or by an interrupt: what follows is left out, and the stack destroyed. */
  readonly signal: AbortSignal;
}

/** All steps of a run; the stack is destroyed whatever comes before. */
export async function carryOut(wanted: Run): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  const said = async (step: Step, signal: AbortSignal) => {
    process.stderr.write(`\naws-check: ${step.name}\n`);
    const result = await carryOutStep(step, signal);
    process.stderr.write(`aws-check: ${step.name}: ${result.verdict}: ${result.detail}\n`);
    results.push(result);
    return result.verdict === 'passed';
  };
  const [first, ...others] = stepsOf(wanted);
  const isUp = await said(first, wanted.signal);
  for (const step of others) {
    if (isUp && !wanted.signal.aborted) await said(step, wanted.signal);
    else
      results.push({
        name: step.name,
        verdict: 'left out',
        seconds: 0,
        detail: isUp ? 'the time was over' : 'the stack is not up',
      });
  }
  // Of no time that is over, and of no interrupt: what is left costs money.
  const toItsEnd = new AbortController().signal;
  const { destroy, nothingLeft } = endOf(wanted);
  if (!(await said(destroy, toItsEnd))) await said({ ...destroy, name: 'destroy again' }, toItsEnd);
  await said(nothingLeft, toItsEnd);
  return results;
}

async function carryOutStep({ name, work }: Step, signal: AbortSignal): Promise<StepResult> {
  const begunAt = performance.now();
  const seconds = () => (performance.now() - begunAt) / 1_000;
  try {
    const { detail, text } = await work(signal);
    return { name, verdict: 'passed', seconds: seconds(), detail, ...(text === undefined ? {} : { text }) };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const text = error instanceof Failed ? { text: error.text } : {};
    return { name, verdict: 'failed', seconds: seconds(), detail, ...text };
  }
}

function stepsOf({ settings, stack, configuration }: Run): readonly [Step, ...Step[]] {
  const unchanged = async (signal: AbortSignal) => {
    const ran = await stack.up(signal, true);
    return { detail: summaryOf(mustSucceed(ran, 'it changed something, or failed')) };
  };
  const proved: Step['work'] = async () => {
    const { results, spread, totalMs } = await verify(await readOutputs(stack.name));
    const text = formatReport(results, spread, totalMs);
    if (!verified(results, false)) throw new Failed('something is not as it should be', text);
    return { detail: `${results.length} checks`, text };
  };
  return [
    {
      name: 'up',
      work: async (signal) => ({ detail: summaryOf(mustSucceed(await stack.up(signal), 'it failed')) }),
    },
    { name: 'verify', work: proved },
    { name: 'a second up is unchanged', work: unchanged },
    {
      name: 'failovers',
      work: async (signal) => {
        const { failovers } = settings;
        const bench = ['--import', 'tsx', 'bench/cli.ts', 'failover', '--stack', stack.name, '--runs', '1'];
        const ran = await run(process.execPath, [...bench, '--only', failovers.join(',')], signal);
        return { detail: failovers.join(', '), text: mustSucceed(ran, 'one was not measured') };
      },
    },
    { name: 'verify after the failovers', work: proved },
    {
      name: 'a change',
      work: async (signal) => {
        stack.configure(changed(configuration));
        return { detail: summaryOf(mustSucceed(await stack.up(signal), 'it failed')) };
      },
    },
    { name: 'verify after the change', work: proved },
    { name: 'an up after the change is unchanged', work: unchanged },
    {
      name: 'refresh',
      work: async (signal) => {
        const text = mustSucceed(await stack.refresh(signal), 'it failed');
        return { detail: `the drift is below: ${summaryOf(text)}`, text };
      },
    },
    { name: 'an up after the refresh is unchanged', work: unchanged },
  ];
}

function endOf({ settings, stack, leftovers }: Run): Readonly<Record<'destroy' | 'nothingLeft', Step>> {
  return {
    destroy: {
      name: 'destroy',
      work: async (signal) => {
        const detail = summaryOf(mustSucceed(await stack.destroy(signal), 'it failed, so something is left'));
        await stack.remove();
        return { detail };
      },
    },
    nothingLeft: {
      name: 'nothing is left',
      work: async () => {
        const left = await leftovers(settings.region, stack.name);
        if (left.length > 0)
          throw new Failed(
            `${left.length} resources: remove them with npm run aws-check -- --sweep --region ${settings.region}`,
            left.join('\n'),
          );
        return { detail: 'no resource carries the tag of this stack' };
      },
    },
  };
}

function mustSucceed({ code, printed }: Ran, otherwise: string): string {
  if (code !== 0) throw new Failed(`${otherwise} (exit ${code})`, printed);
  return printed;
}

/** What Pulumi counted, in one line. */
function summaryOf(printed: string): string {
  const counted = /^Resources:\n((?: {4}.*\n)+)/m.exec(printed)?.[1] ?? '';
  return counted
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(', ');
}
