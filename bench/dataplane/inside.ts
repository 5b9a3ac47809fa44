import { measurements } from './measurements/all';
import { measureAll } from './rounds';
import { readSamples, writeSamples } from './results';
import { Site } from './site';

/** The part of the benchmark that runs in a network of its own. Arguments: rounds, then names of measurements. */
async function main([rounds, ...names]: readonly string[]): Promise<void> {
  const site = await Site.start();
  try {
    const chosen = Object.values(measurements).filter(({ name }) => names.includes(name));
    await measureAll(site, chosen, Number(rounds), (name, samples) => {
      writeSamples([...readSamples().filter(({ measurement }) => measurement !== name), ...samples]);
    });
  } finally {
    await site.stop();
  }
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
