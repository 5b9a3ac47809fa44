import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readOutputs } from './outputs';
import { formatReport, succeeded } from './report';
import { verify } from './verify';
import { watch } from './watch';

const usage = `verify [--stack NAME] [--json | --watch SECONDS] [--strict] [--client-cert FILE --client-key FILE]

Proves that a stack does what it should, from its outputs alone: piped in as
\`pulumi stack output --json --show-secrets\` prints them, or asked of pulumi.
  --strict       a warning (a balancer that is off) counts as a failure
  --watch        again and again, so many seconds after each; says what changes, until it is interrupted
  --client-cert  for listeners that demand client certificates
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      stack: { type: 'string' },
      json: { type: 'boolean', default: false },
      watch: { type: 'string' },
      strict: { type: 'boolean', default: false },
      'client-cert': { type: 'string' },
      'client-key': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const { 'client-cert': cert, 'client-key': key } = values;
  if ((cert === undefined) !== (key === undefined))
    throw new Error('--client-cert and --client-key go together');
  const clientCertificate =
    cert === undefined || key === undefined
      ? undefined
      : { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  const outputs = await readOutputs(values.stack);
  if (values.watch !== undefined) {
    const seconds = secondsOf(values.watch);
    if (values.json) throw new Error('--watch says lines and goes without --json');
    const look = async () => (await verify(outputs, clientCertificate)).results;
    const last = await watch(look, seconds * 1_000, (line) => process.stdout.write(`${line}\n`), interrupt());
    process.exitCode = succeeded(last, values.strict) ? 0 : 1;
    return;
  }
  const verification = await verify(outputs, clientCertificate);
  const { results, spread, totalMs } = verification;
  process.stdout.write(
    values.json ? `${JSON.stringify(verification, null, 2)}\n` : formatReport(results, spread, totalMs),
  );
  process.exitCode = succeeded(results, values.strict) ? 0 : 1;
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (/^\d+$/.test(text) && seconds >= 1) return seconds;
  throw new Error(`--watch takes a whole number of seconds from 1, and not ${text}`);
}

/** The first interrupt ends the watch after the round under way, the second ends the program. */
function interrupt(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

main().catch((error: unknown) => {
  process.stderr.write(`verify: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
