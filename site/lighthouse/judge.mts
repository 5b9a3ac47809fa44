import { launch } from 'chrome-launcher';
import lighthouse from 'lighthouse';
import { served } from '../served.mts';

const least = 95;
/** What runs beside it on the machine can only make a page slower. */
const tries = 3;

/**
 * Lighthouse's judgement of the built site's front page, as on a phone: 95 of 100 or more in each of its four categories, or what
 * keeps it from that is printed.
 */
async function main(): Promise<number> {
  const { origin, close } = await served();
  const chrome = await launch({
    chromePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    chromeFlags: ['--headless=new', '--no-sandbox'],
  });
  try {
    for (let attempt = 1; ; attempt++) {
      const result = await lighthouse(`${origin}/`, { port: chrome.port, logLevel: 'error' });
      if (result === undefined) throw new Error('Lighthouse gave no result');
      const { categories, audits } = result.lhr;
      const scores = Object.values(categories).map(
        ({ title, score }) => `${title} ${Math.round((score ?? 0) * 100)}`,
      );
      process.stdout.write(`${scores.join(', ')}\n`);
      const low = Object.values(categories).filter(({ score }) => (score ?? 0) * 100 < least);
      if (low.length === 0) return 0;
      if (attempt < tries) continue;
      for (const { auditRefs } of low)
        for (const { id } of auditRefs) {
          const audit = audits[id];
          if (audit?.score !== null && audit !== undefined && audit.score < 0.9)
            process.stderr.write(`${audit.title}: ${audit.displayValue ?? audit.score}\n`);
        }
      return 1;
    }
  } finally {
    chrome.kill();
    close();
  }
}

process.exitCode = await main();
