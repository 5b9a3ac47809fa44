import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Costs, Prices } from './costs';
import { costsOf, costsOfResources, readPrices } from './costs';
import { previewedResources } from './previewed';
import { configurationOf } from './stackFile';

/** What a stack costs, before it is made: a line for each thing that is paid for. */
export function renderCosts(stack: string, costs: Costs, { asOf, region }: Prices): string {
  const lines = costs.items.map(({ what, monthly }) => ({ what, amount: amount(monthly) }));
  const rows = [...lines, { what: 'in all', amount: amount(costs.monthly) }];
  const width = Math.max(...rows.map(({ what }) => what.length));
  return [
    `${stack}: USD a month, on demand, by prices of ${asOf} in ${region}; without traffic`,
    ...rows.map((row) => `  ${row.what.padEnd(width)}  ${row.amount.padStart(8)}`),
    `An hour of it: ${costs.hourly.toFixed(2)}. Traffic is added: what leaves to the internet, crosses zones, or goes through NAT.`,
    '',
  ].join('\n');
}

function amount(monthly: number): string {
  return monthly.toFixed(2);
}

/** `npm run cost -- --stack STACK`, dev without one; or `--preview FILE`, `-` for standard input, of any program. */
function main(args: readonly string[]): void {
  const { values } = parseArgs({
    args: [...args],
    options: { stack: { type: 'string' }, preview: { type: 'string' } },
  });
  const { stack = 'dev', preview } = values;
  if (values.stack !== undefined && preview !== undefined)
    throw new Error('--stack and --preview do not go together; leave out either');
  const prices = readPrices();
  const told =
    preview === undefined
      ? renderCosts(stack, costsOf(configurationOf(stack), prices), prices)
      : renderCosts('the preview', costsOfResources(previewed(preview), prices), prices);
  process.stdout.write(told);
}

function previewed(file: string) {
  return previewedResources(readFileSync(file === '-' ? process.stdin.fd : file, 'utf8'));
}

if (require.main === module) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
