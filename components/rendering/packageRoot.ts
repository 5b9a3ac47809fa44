import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder that holds `templates/` and `host/`: the checkout, or the installed package around `dist/`. */
export const packageRoot = findPackageRoot(__dirname);

function findPackageRoot(from: string): string {
  if (existsSync(join(from, 'templates')) && existsSync(join(from, 'package.json'))) return from;
  const parent = dirname(from);
  if (parent === from)
    throw new Error(`emqx-haproxy: no templates/ beside a package.json above ${__dirname}`);
  return findPackageRoot(parent);
}
