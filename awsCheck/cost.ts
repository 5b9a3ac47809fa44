import { parseArgs } from 'node:util';
import type { Costs, Prices } from './costs';
import { costsOf, readPrices } from './costs';
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

/** `npm run cost -- --stack STACK`, dev without one. */
function main(args: readonly string[]): void {
  const { values } = parseArgs({ args: [...args], options: { stack: { type: 'string', default: 'dev' } } });
  const prices = readPrices();
  process.stdout.write(renderCosts(values.stack, costsOf(configurationOf(values.stack), prices), prices));
}

if (require.main === module) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
