import { parseArgs } from 'node:util';
import { outputsJson } from '../lab/commands/outputs';
import { lab } from '../proving/lab';
import { restartResidents } from '../proving/pair/restarts';
import { settled } from '../proving/pair/settled';
import { labTarget } from '../proving/pair/target';
import { product } from '../proving/product';
import { parseOutputs } from '../verify/outputs';
import type { Benchmark } from './benchmark';
import { publishPart, thisMachine } from './hostPrograms/publish';

/**
 * Kills and restarts every resident program again and again under clients, in the lab that it brings up: `--rounds` of
 * each (100) under so many `--clients` (1,000). Writes its part of docs/benchmarks/host-programs.md. Exit code 1 when a
 * connection ended, the address moved, or a broker left rotation.
 */
export const benchmark: Benchmark = async (args) => {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string', default: '100' }, clients: { type: 'string', default: '1000' } },
  });
  const [rounds, clients] = [values.rounds, values.clients].map((text) => {
    if (!/^[1-9]\d*$/.test(text))
      throw new Error(`--rounds and --clients take whole numbers from 1, not ${text}`);
    return Number(text);
  });
  if (rounds === undefined || clients === undefined) throw new Error('unreachable: both have defaults');
  await lab(['up']);
  const target = await labTarget();
  try {
    await settled(target);
    const { brokers } = parseOutputs(await outputsJson(product()));
    const begun = Date.now();
    const result = await restartResidents(
      target,
      brokers.map(({ name }) => name),
      rounds,
      clients,
      (line) => process.stderr.write(`  ${line}\n`),
    );
    const seconds = Math.round((Date.now() - begun) / 1_000);
    process.stdout.write(`${JSON.stringify({ ...result, seconds }, null, 2)}\n`);
    await publishPart({ residents: { machine: thisMachine(), result, seconds } });
    return result.closed === 0 && result.holders === 1 && result.leftRotation.length === 0 ? 0 : 1;
  } finally {
    await target.close();
  }
};
