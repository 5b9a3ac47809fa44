import { daemonRequest } from '../api/client';
import { refuseArguments, type Command } from './command';
import { machines } from './machines';
import { engineAtWork } from './mend';

export const status: Command = {
  arguments: '',
  summary: 'say what runs: machines, their addresses, faults',
  run: async (args) => {
    refuseArguments(args);
    const up = await daemonRequest('GET', '/health').then(
      () => true,
      () => false,
    );
    if (!up) {
      process.stdout.write('The lab is down. Start it with: npx local-ec2 up\n');
      return 0;
    }
    const engine = engineAtWork();
    process.stdout.write(
      engine === undefined
        ? 'The lab is up.\n\n'
        : `The lab is up, and being changed by process ${engine}.\n\n`,
    );
    const rows = (await machines()).map(({ name, instanceId, state, privateIp, publicIp }) => [
      name,
      instanceId,
      state,
      privateIp,
      publicIp ?? '-',
    ]);
    process.stdout.write(table([['NAME', 'INSTANCE', 'STATE', 'PRIVATE', 'PUBLIC'], ...rows]));
    const faults = await daemonRequest('GET', '/faults');
    if (Array.isArray(faults) && faults.length > 0) {
      process.stdout.write(`\nAPI faults: ${faults.map((fault) => JSON.stringify(fault)).join(' ')}\n`);
    }
    return 0;
  },
};

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
