import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readOutputs } from './outputs';
import { formatReport, succeeded } from './report';
import { verify } from './verify';

const usage = `verify [--stack NAME] [--json] [--strict] [--client-cert FILE --client-key FILE]

Proves that a stack does what it should, from its outputs alone: piped in as
\`pulumi stack output --json --show-secrets\` prints them, or asked of pulumi.
  --strict       a warning (a balancer that is off) counts as a failure
  --client-cert  for listeners that demand client certificates
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      stack: { type: 'string' },
      json: { type: 'boolean', default: false },
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
  const verification = await verify(await readOutputs(values.stack), clientCertificate);
  const { results, spread, totalMs } = verification;
  process.stdout.write(
    values.json ? `${JSON.stringify(verification, null, 2)}\n` : formatReport(results, spread, totalMs),
  );
  process.exitCode = succeeded(results, values.strict) ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`verify: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
