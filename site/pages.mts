import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where pages lie in the repository, and where on the site. */
export const rewrites: Readonly<Record<string, string>> = {
  'site/index.md': 'index.md',
  'docs/:page': ':page',
  'docs/benchmarks/:page': 'benchmarks/:page',
  'ARCHITECTURE.md': 'contribute/architecture.md',
  'CONTRIBUTING.md': 'contribute/index.md',
  'CHANGELOG.md': 'changelog.md',
  'SECURITY.md': 'reporting.md',
  'README.md': 'readme.md',
  'lab/README.md': 'lab/index.md',
  'lab/STRICTNESS.md': 'lab/strictness.md',
  'tests/README.md': 'contribute/tests.md',
  'tests/upgrade/README.md': 'contribute/upgrade-tests.md',
  'examples/README.md': 'examples/index.md',
  'examples/:name/README.md': 'examples/:name.md',
};

/** Where a page of the repository is on the site; undefined for files that are no pages. */
export function placeOf(path: string): string | undefined {
  for (const [pattern, place] of Object.entries(rewrites)) {
    const found = new RegExp(`^${pattern.replaceAll('.', '\\.').replace(/:\w+/, '([^/]+?)')}$`).exec(
      pattern.endsWith('.md') ? path : path.replace(/\.md$/, ''),
    );
    if (found !== null && path.endsWith('.md')) return place.replace(/:\w+/, found[1] ?? '');
  }
  return undefined;
}

/**
 * Where a link of a page leads on the site: to another page; to a folder's page, where it has one; to a file of the
 * repository on the web, where package.json says where that is. Undefined: nowhere, so that its text stands alone.
 */
export function siteLink(page: string, href: string): string | undefined {
  if (/^([a-z]+:|#|\/)/.test(href)) return href;
  const [path = '', anchor] = href.split('#');
  const target = posix.normalize(posix.join(posix.dirname(page), path)).replace(/\/$/, '');
  if (!existsSync(join(root, target))) throw new Error(`${page} links to ${href}, which is not there`);
  const place = placeOf(target) ?? placeOf(`${target}/README.md`);
  if (place === undefined) return repository === undefined ? undefined : `${repository}/blob/main/${target}`;
  const link = `/${place.replace(/(index)?(\.md)?$/, '')}`;
  return anchor === undefined ? link : `${link}#${anchor}`;
}

const repository = repositoryUrl();

function repositoryUrl(): string | undefined {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    repository?: { url?: string };
  };
  return manifest.repository?.url?.replace(/^git\+/, '').replace(/\.git$/, '');
}
