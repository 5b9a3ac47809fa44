import type { MachineSpec, MachineState } from '../../model';
import { log } from '../log';
import type { InstanceRecord } from './instanceRecord';
import { forgetInterface } from './interfaces';
import type { Region } from './region';

/** Begins to boot a pending instance; it is `running` when its machine says so. */
export function boot(region: Region, record: InstanceRecord): void {
  const spec: MachineSpec = {
    instanceId: record.instanceId,
    operatingSystem: record.operatingSystem,
    namespace: region.fabric.namespaceOf(record.interfaceId),
    hostname: `ip-${record.privateIp.replaceAll('.', '-')}`,
    resolver: region.resolverAddress(),
    userData: record.userData,
    publicKeys: record.publicKeys,
    rootVolumeGib: region.volume(record.rootVolumeId).sizeGib,
  };
  background(region, record, 'boot', async () => {
    try {
      await region.machines.run(spec);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      record.stateReason = { code: 'Server.InternalError', message: `lab: ${message}` };
      record.state = 'shutting-down';
      // What a half-made machine left is removed as far as it got; often there is nothing to terminate.
      await region.machines.terminate(record.instanceId).catch(() => undefined);
      await release(region, record);
      throw error;
    }
    if (record.state === 'pending') record.state = region.machines.state(record.instanceId);
  });
}

export function start(region: Region, record: InstanceRecord): void {
  record.state = 'pending';
  record.stateReason = undefined;
  background(region, record, 'start', async () => {
    // A crash leaves the interface cut.
    await region.fabric.uncut(record.interfaceId);
    await region.machines.start(record.instanceId);
    if (nowIs(record, 'pending')) record.state = region.machines.state(record.instanceId);
  });
}

export function stop(region: Region, record: InstanceRecord): void {
  record.state = 'stopping';
  record.stateReason = {
    code: 'Client.UserInitiatedShutdown',
    message: 'Client.UserInitiatedShutdown: User initiated shutdown',
  };
  background(region, record, 'stop', async () => {
    await region.machines.stop(record.instanceId);
    if (nowIs(record, 'stopping')) record.state = 'stopped';
  });
}

export function reboot(region: Region, record: InstanceRecord): void {
  background(region, record, 'reboot', () => region.machines.reboot(record.instanceId));
}

/** Begins to terminate; the interface and the disks go, or come free, when the machine is gone. */
export function beginTermination(region: Region, record: InstanceRecord): void {
  if (record.state === 'shutting-down' || record.state === 'terminated') return;
  record.stateReason = {
    code: 'Client.UserInitiatedShutdown',
    message: 'Client.UserInitiatedShutdown: User initiated shutdown',
  };
  background(region, record, 'terminate', () => terminate(region, record));
}

/** Follows machines that change state by themselves. */
export function followMachines(region: Region): void {
  region.machines.onStateChange((instanceId, state) => {
    const record = region.instances.get(instanceId);
    if (record === undefined) return;
    if (state === 'running' && record.state === 'pending') record.state = 'running';
    if (state === 'stopped') stoppedByItself(region, record);
  });
}

/** A guest that powered off, or died, without the API being asked. */
export function stoppedByItself(region: Region, record: InstanceRecord): void {
  if (record.state !== 'running' && record.state !== 'pending') return;
  record.stateReason = {
    code: 'Client.InstanceInitiatedShutdown',
    message: 'Client.InstanceInitiatedShutdown: Instance initiated shutdown',
  };
  record.state = 'stopped';
  log(`${record.instanceId} stopped by itself`);
  if (record.shutdownBehaviour === 'terminate') beginTermination(region, record);
}

async function terminate(region: Region, record: InstanceRecord): Promise<void> {
  record.state = 'shutting-down';
  record.lastConsole = await region.machines.consoleOutput(record.instanceId).catch(() => undefined);
  await region.machines.terminate(record.instanceId);
  await release(region, record);
}

/** Frees what a machine that is gone, or never was, has held. */
export async function release(region: Region, record: InstanceRecord): Promise<void> {
  for (const volume of [...region.volumes.values()]) {
    if (volume.attachment?.instanceId !== record.instanceId) continue;
    if (!volume.attachment.deleteOnTermination) volume.attachment = undefined;
    else {
      if (!volume.root) await region.machines.deleteVolume(volume.volumeId);
      region.volumes.delete(volume.volumeId);
      region.tags.delete(volume.volumeId);
    }
  }
  const own = region.interfaces.get(record.interfaceId);
  if (own?.attachment?.instanceId === record.instanceId) {
    if (own.attachment.deleteOnTermination) forgetInterface(region, own);
    else own.attachment = undefined;
  }
  await region.settle();
  record.state = 'terminated';
}

/** The state as it is after an await, which the compiler cannot know. */
function nowIs(record: InstanceRecord, state: MachineState): boolean {
  return record.state === state;
}

/** Work that the API's answer does not wait for. When it fails the instance is what its machine is: try again. */
function background(region: Region, record: InstanceRecord, verb: string, work: () => Promise<void>): void {
  work().catch((error: unknown) => {
    log(`${verb} ${record.instanceId}: ${error instanceof Error ? error.message : String(error)}`);
    if (record.state !== 'terminated') record.state = region.machines.state(record.instanceId);
  });
}
