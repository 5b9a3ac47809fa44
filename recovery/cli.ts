import { parseArgs } from 'node:util';
import { readOutputs } from '../verify/outputs';
import { program } from '../verify/program';
import { listed } from './backups';
import { Brokers } from './brokers';
import { restore } from './restore';

const usage = `npm run backup -- [--stack STACK] [--list] [--broker NAME]
npm run restore -- [--stack STACK] KEY|latest [--over]

EMQX's data of a stack with emqx.backup: copied to its bucket now, or taken back from there by a broker.
Outputs are piped in, or asked of pulumi, as for verify.
  --list     what is in the bucket, the youngest last
  --broker   by this broker; by the first that answers when left out
  --over     also into a cluster that holds data: what the backup has too is overwritten, the rest stays
`;

const print = (text: string) => void process.stdout.write(text);

async function main([command, ...args]: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      stack: { type: 'string' },
      list: { type: 'boolean', default: false },
      broker: { type: 'string' },
      over: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [key, ...more] = positionals;
  const isRestore = command === 'restore';
  if (values.help || more.length > 0 || isRestore !== (key !== undefined) || (isRestore && values.list)) {
    print(usage);
    return values.help ? 0 : 2;
  }
  const brokers = new Brokers(await readOutputs(values.stack), print);
  try {
    if (key !== undefined) await restore(brokers, { key, over: values.over }, print);
    else {
      const name = await brokers.one(values.broker);
      if (values.list) print(listed(await brokers.ask(name, program('broker.backups'))));
      else await brokers.run(name, program('broker.backup now'));
    }
  } finally {
    await brokers.close();
  }
  return 0;
}

main(process.argv.slice(2)).then(
  (exitCode) => (process.exitCode = exitCode),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
