import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderCosts } from '../../awsCheck/cost';
import { costsOf, costsOfResources, readPrices, type Costs } from '../../awsCheck/costs';
import { previewedResources } from '../../awsCheck/previewed';
import { configurationOf } from '../../awsCheck/stackFile';
import type { Configuration } from '../../infra/configuration';
import { repositoryRoot } from '../../proving/product';

const file = (...path: string[]) => readFileSync(join(repositoryRoot, ...path), 'utf8');

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

describe('the cost of a program in any language, by its preview', () => {
  const step = (op: string, name: string, type: string, inputs?: object) => ({
    op,
    urn: `urn:pulumi:dev::shop::${type}::${name}`,
    ...(inputs === undefined ? {} : { newState: { type, inputs } }),
  });
  const host = { instanceType: 't3.small', rootBlockDevice: { volumeSize: 8 } };
  const steps = [
    step('create', 'shop', 'pulumi:pulumi:Stack', {}),
    step('create-replacement', 'one', 'aws:ec2/instance:Instance', host),
    step('replace', 'one', 'aws:ec2/instance:Instance', host),
    step('delete-replaced', 'one', 'aws:ec2/instance:Instance', host),
    step('same', 'two', 'aws:ec2/instance:Instance', host),
    step('delete', 'three', 'aws:ec2/instance:Instance'),
    step('create', 'mine', 'aws:ec2/eip:Eip', {}),
    step('read', 'theirs', 'aws:ec2/eip:Eip', {}),
  ];

  it('is of what there will be: each once, and nothing that goes or is only read', () => {
    const { items } = costsOfResources(previewedResources(JSON.stringify({ steps })));
    expect(items.map(({ what }) => what)).toEqual(['2 t3.small', '1 addresses', '16 GiB gp3']);
  });

  it('is of nothing else than a preview', () => {
    for (const text of ['Previewing update (dev):', '{"steps": 3}'])
      expect(() => previewedResources(text)).toThrow('this is not what pulumi preview --json prints');
  });
});

describe('the cost of a stack, before it is made', () => {
  it('is told line by line, with the date of its prices', () => {
    const prices = { ...readPrices(), asOf: '2026-06' };
    const told = renderCosts('dev', costsOf(configurationOf('dev'), prices), prices);
    expect(told).toContain('dev: USD a month, on demand, by prices of 2026-06 in us-east-1; without traffic');
    expect(told).toMatch(/ {2}2 t3\.micro +15\.18\n/);
    expect(told).toMatch(/ {2}in all +117\.\d\d\n/);
  });

  it('of a stack that there is not names those that there are', () => {
    expect(() => configurationOf('staging')).toThrow(/there is no stack staging; there are .*dev.*prod/);
  });
});
