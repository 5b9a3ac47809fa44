import { ChangingStack } from './changingStack';

const usage = 'usage: npm run rehearse -- OLD.yaml NEW.yaml [--clients N]';

/**
 * Answers what a change will do in production: brings the stack of one stack file up in the lab, puts clients on,
 * applies another stack file, and says what that did to them. The lab stays up with the new one.
 */
async function main(args: readonly string[]): Promise<number> {
  const at = args.indexOf('--clients');
  const size = at < 0 ? 200 : Number(args[at + 1]);
  const [before, after, ...more] = at < 0 ? args : args.toSpliced(at, 2);
  if (before === undefined || after === undefined || more.length > 0 || !Number.isInteger(size) || size < 2)
    throw new Error(usage);
  const stack = new ChangingStack(before);
  await stack.lab('down');
  await stack.lab('up');
  const { ran, seconds, ...cost } = await stack.during(size, async () => {
    stack.become(after);
    return stack.run('up');
  });
  const { clients, cut, cuts, mostCuts, longestMs, acknowledged, lost } = cost;
  process.stdout.write(
    [
      ran.code === 0 ? `up took ${seconds} s` : `up failed after ${seconds} s:\n${ran.stdout}\n${ran.stderr}`,
      `${cut} of ${clients} clients were cut, ${cuts} times in all, the worst ${mostCuts} times`,
      `the longest that a client was without a connection: ${longestMs} ms`,
      `${acknowledged} messages were acknowledged, and ${lost} of them lost`,
      '',
    ].join('\n'),
  );
  return ran.code;
}

main(process.argv.slice(2)).then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    process.stderr.write(`rehearse: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
