import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const built = fileURLToPath(new URL('dist', import.meta.url));

/** Every link within the built site that leads nowhere: to no page, no file, or no place on its page. */
export function brokenLinks(): readonly string[] {
  const files = readdirSync(built, { recursive: true, encoding: 'utf8' });
  const pages = new Map(
    files
      .filter((file) => file.endsWith('.html'))
      .map((file) => [
        `/${file.replace(/(^|\/)index\.html$/, '$1').replace(/\.html$/, '')}`,
        readFileSync(join(built, file), 'utf8'),
      ]),
  );
  const places = new Map(
    [...pages].map(([page, html]) => [
      page,
      new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)),
    ]),
  );
  return [...pages].flatMap(([page, html]) =>
    [...html.matchAll(/ (?:href|src)="([^"]+)"/g)].flatMap(([, link = '']) => {
      const url = new URL(link.replaceAll('&amp;', '&'), `https://site.example${page}`);
      if (url.host !== 'site.example') return [];
      const path = decodeURI(url.pathname);
      if (!pages.has(path))
        return files.includes(path.slice(1)) ? [] : [`${page}: ${link} is nothing of the site`];
      const place = decodeURIComponent(url.hash.slice(1));
      return place === '' || places.get(path)?.has(place) === true
        ? []
        : [`${page}: ${link} is no place of that page`];
    }),
  );
}

const broken = [...new Set(brokenLinks())];
for (const line of broken) process.stderr.write(`${line}\n`);
process.exitCode = broken.length === 0 ? 0 : 1;
