import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { costsOf, readPrices, type Costs } from '../../awsCheck/costs';
import { readConfiguration, type Configuration } from '../../infra/configuration';
import { repositoryRoot } from '../../proving/product';

const file = (...path: string[]) => readFileSync(join(repositoryRoot, ...path), 'utf8');

/** A stack's configuration as its file has it. */
function configurationOf(stack: string): Configuration {
  // The file's shape is Pulumi's own.
  const { config } = parse(file(`Pulumi.${stack}.yaml`)) as { config: Record<string, unknown> };
  const own = Object.entries(config).flatMap(([key, value]) =>
    key.startsWith('emqx-haproxy:') ? [[key.slice('emqx-haproxy:'.length), JSON.stringify(value)]] : [],
  );
  return readConfiguration(Object.fromEntries(own) as Record<string, string>);
}

const presets: Readonly<Record<string, Costs>> = {
  dev: costsOf(configurationOf('dev')),
  default: costsOf({ ssh: { allowedCidrs: ['192.0.2.0/24'] } }),
  prod: costsOf(configurationOf('prod')),
};

const usd = (amount: number) => String(Math.round(amount));

describe("docs/aws.md's table of costs", () => {
  const text = file('docs', 'aws.md');
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()));

  it.each(Object.keys(presets))('is what the prices come to for %s', (name) => {
    const { items = [], monthly = 0 } = presets[name] ?? {};
    const row = rows.find(([, cell]) => cell === name) ?? [];
    expect(row.slice(2, -1)).toEqual([
      items.map((item) => `${item.what} ${usd(item.monthly)}`).join(', '),
      usd(monthly),
    ]);
  });

  it('says of when and where the prices are', () => {
    const { asOf, region } = readPrices();
    expect(text).toContain(`prices of ${asOf} in ${region}`);
  });
});

describe('a price that is not known', () => {
  it('is told with those that are', () => {
    const configuration: Configuration = {
      ssh: { allowedCidrs: ['192.0.2.0/24'] },
      emqx: { instanceType: 'm7i.large' },
    };
    expect(() => costsOf(configuration)).toThrow(/no price of m7i.large; it has t3.micro, /);
  });
});
