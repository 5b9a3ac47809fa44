import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { built, served } from './served.mts';

const pictures = fileURLToPath(new URL('../.lab/site', import.meta.url));
const axe = readFileSync(fileURLToPath(new URL('node_modules/axe-core/axe.min.js', import.meta.url)), 'utf8');
/** What reaches farthest to the right, of all that is not cut off by what it is in. */
const widest = `[...document.querySelectorAll('.vp-doc *')]
  .filter((each) => !each.closest('pre, table') || each.matches('pre, table'))
  .toSorted((a, b) => b.getBoundingClientRect().right - a.getBoundingClientRect().right)[0]?.outerHTML.slice(0, 100)`;

/** Ways to look at it: in each size once, and in each colour once. */
const screens = [
  { name: 'phone', width: 390, height: 844, colorScheme: 'light' },
  { name: 'desk', width: 1280, height: 900, colorScheme: 'dark' },
] as const;

/**
 * Opens every page of the built site in a real browser, on a phone in light and on a desk in dark: axe finds nothing, no page is
 * wider than a phone, the search finds something. Pictures of the front page are in .lab/site. Paths as
 * arguments open these pages only. What is wrong is printed.
 */
async function main(only: readonly string[]): Promise<number> {
  const { origin, close } = await served();
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  const problems: string[] = [];
  mkdirSync(pictures, { recursive: true });
  const pages = readdirSync(built, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.html') && file !== '404.html')
    .map((file) => `/${file.replace(/(^|\/)index\.html$/, '$1').replace(/\.html$/, '')}`)
    .filter((path) => only.length === 0 || only.includes(path));
  for (const { name, colorScheme, ...viewport } of screens) {
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
    const page = await context.newPage();
    for (const path of pages) {
      await page.goto(`${origin}${path}`, { waitUntil: 'load' });
      const where = `${path} (${name})`;
      if (path === '/' || path === '/nlb')
        await page.screenshot({ path: join(pictures, `${path === '/' ? 'front' : 'nlb'}-${name}.png`) });
      const width = await page.evaluate('document.documentElement.scrollWidth');
      if (Number(width) > viewport.width)
        problems.push(`${where}: is ${String(width)} px wide, by ${String(await page.evaluate(widest))}`);
      await page.evaluate(axe);
      const found = (await page.evaluate(
        'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 120)} (${nodes.length})`))',
      )) as readonly string[];
      problems.push(...found.map((violation) => `${where}: ${violation}`));
    }
    await context.close();
  }
  const search = await browser.newPage();
  await search.goto(origin, { waitUntil: 'networkidle' });
  await search.keyboard.press('Control+k');
  await search.locator('.VPLocalSearchBox input').fill('takeover');
  await search
    .locator('.VPLocalSearchBox .result')
    .first()
    .waitFor({ timeout: 10_000 })
    .catch(() => problems.push('the search finds nothing for "takeover"'));
  await browser.close();
  close();
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.stdout.write(`${pages.length} pages on ${screens.length} screens: ${problems.length} problems\n`);
  return problems.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
