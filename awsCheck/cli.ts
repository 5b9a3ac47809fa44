import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { systemsIn } from '../lab/settings';
import { product, repositoryRoot } from '../proving/product';
import { costsOf, readPrices } from './costs';
import { enterLab } from './inLab';
import { leftovers, sweep } from './leftovers';
import { reportMarkdown, succeeded, type Report } from './report';
import { readSettings, usage, type Settings } from './settings';
import { configurationOf, Stack, stackPrefix } from './stack';
import { carryOut } from './steps';

// Which Node runs this is for package.json to say, not for a warning between its lines.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(usage);
    return 0;
  }
  const settings = readSettings(args);
  process.env['AWS_REGION'] = settings.region;
  return settings.sweepOnly ? sweepAll(settings) : check(settings);
}

async function sweepAll({ region, inLab }: Settings): Promise<number> {
  if (inLab) await enterLab(product());
  const found = await leftovers(region);
  process.stdout.write(found.length === 0 ? 'nothing is left\n' : `to be removed:\n${found.join('\n')}\n`);
  if (found.length === 0) return 0;
  const { removed, left } = await sweep(region);
  process.stdout.write(`removed ${removed.length}\n${left.map((each) => `stays: ${each}\n`).join('')}`);
  return left.length === 0 ? 0 : 1;
}

async function check(settings: Settings): Promise<number> {
  const from = settings.from ?? (await ownAddress());
  const configuration = configurationOf({ ...settings, from });
  const price = mustFitTheBudget(settings, costsOf(configuration).hourly);
  if (settings.inLab) await enterLab({ ...product(), operatingSystems: systemsIn(settings.operatingSystem) });
  const { Account = '', Arn = '' } = await new STSClient({}).send(new GetCallerIdentityCommand({}));
  const name = `${stackPrefix}${new Date().toISOString().slice(0, 16).replace(/\D/g, '')}`;
  const stack = new Stack(name, settings.region);
  process.stderr.write(
    `aws-check: stack ${name} in ${settings.region}, account ${Account} as ${Arn}: ${price}\n`,
  );
  await stack.init();
  stack.configure(configuration);
  const report: Report = {
    facts: {
      stack: name,
      region: settings.inLab ? `${settings.region}, in the lab` : settings.region,
      account: `...${Account.slice(-4)}`,
      'operating system': settings.operatingSystem,
      date: new Date().toISOString(),
      package: versionOf(join(repositoryRoot, 'package.json')),
      providers: ['aws', 'command', 'tls', 'random'].map((each) => `${each} ${sdkVersion(each)}`).join(', '),
      price,
    },
    steps: await withinTime(settings, (signal) =>
      carryOut({ settings, stack, leftovers, configuration, signal }),
    ),
  };
  const file = settings.report ?? `aws-check-${name.slice(stackPrefix.length)}.md`;
  writeFileSync(file, reportMarkdown(report));
  process.stdout.write(`${succeeded(report) ? 'passed' : 'failed'}; the report is in ${file}\n`);
  return succeeded(report) ? 0 : 1;
}

/** The price of the whole time; a data volume, traffic and what AWS rounds up come on top. */
function mustFitTheBudget({ budgetUsd, minutes }: Settings, hourly: number): string {
  const { asOf, region } = readPrices();
  const needed = (hourly * minutes) / 60;
  const said = `at most ${needed.toFixed(2)} USD for ${minutes} minutes by prices of ${asOf} in ${region}, without traffic`;
  if (needed > budgetUsd)
    throw new Error(`--budget: is ${budgetUsd}, and it takes ${said}; raise it, or lower --minutes`);
  return said;
}

/** Stops when the time is over and when the user interrupts: then the stack is destroyed. */
async function withinTime<T>({ minutes }: Settings, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const interrupt = (why: string) => () => {
    process.stderr.write(
      `\naws-check: ${why}; the stack is destroyed now, which takes some minutes: let it\n`,
    );
    over.abort();
  };
  const [late, interrupted] = [interrupt(`${minutes} minutes are over`), interrupt('interrupted')];
  const timer = setTimeout(late, minutes * 60_000);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupted);
  try {
    return await work(over.signal);
  } finally {
    clearTimeout(timer);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted);
  }
}

async function ownAddress(): Promise<string> {
  try {
    const answer = await fetch('https://checkip.amazonaws.com', { signal: AbortSignal.timeout(10_000) });
    return `${z.ipv4().parse((await answer.text()).trim())}/32`;
  } catch (error) {
    throw new Error('--from: the address that this machine is seen from cannot be found out; give it', {
      cause: error,
    });
  }
}

function sdkVersion(provider: string): string {
  return versionOf(require.resolve(`@pulumi/${provider}/package.json`));
}

function versionOf(manifest: string): string {
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(manifest, 'utf8'))).version;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`aws-check: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
