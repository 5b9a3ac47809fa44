import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createMachines, type MachinePlaces } from '../../../lab/machines';
import type { MachineSpec } from '../../../lab/model';

const locks = '/run/systemd/nspawn/locks';

/** Boots a machine with a volume in a process of its own and kills that process, as a daemon can be killed. */
export async function abandonMachine(
  spec: MachineSpec,
  places: MachinePlaces,
): Promise<{ initPid: number; locksBefore: string[] }> {
  const locksBefore = existsSync(locks) ? readdirSync(locks).sort() : [];
  const owner = spawn(process.execPath, ['--import', 'tsx', __filename], {
    env: { ...process.env, ABANDONED: JSON.stringify({ spec: { ...spec, userData: '' }, places }) },
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: join(__dirname, '../../..'),
  });
  const [line] = (await once(owner.stdout, 'data')) as [Buffer];
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  return { initPid: Number(line.toString()), locksBefore };
}

async function own(given: string): Promise<void> {
  const { spec, places } = JSON.parse(given) as { spec: MachineSpec; places: MachinePlaces };
  const machines = createMachines(places);
  await machines.createVolume('vol-0left', 1);
  await machines.run({ ...spec, userData: Buffer.alloc(0) });
  await machines.attachVolume(spec.instanceId, 'vol-0left');
  process.stdout.write(`${String(machines.initPid(spec.instanceId))}\n`);
}

const given = process.env['ABANDONED'];
if (given !== undefined) void own(given);
