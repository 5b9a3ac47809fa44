import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Resource } from '../../awsCheck/costs';
import { costsOfResources } from '../../awsCheck/costs';
import { repositoryRoot } from '../../proving/product';

/** The README of an example, its lines joined. */
export function readmeOf(example: string): string {
  return readFileSync(join(repositoryRoot, 'examples', example, 'README.md'), 'utf8').replaceAll(/\s+/g, ' ');
}

/** What it says of the costs of these resources, as far as the package makes such. */
export function costLine(resources: readonly (Resource & { readonly isRead?: true })[]): string {
  const { items, monthly } = costsOfResources(resources.filter(({ isRead }) => isRead === undefined));
  const usd = (amount: number) => String(Math.round(amount));
  return `${usd(monthly)} USD a month: ${items.map((item) => `${item.what} ${usd(item.monthly)}`).join(', ')}`;
}
