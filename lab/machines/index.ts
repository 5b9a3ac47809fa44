import type { Machines, MachineSpec, MachineState } from '../model';
import { ensureImage } from './image';
import { Machine } from './machine';
import { labPlaces, type MachinePlaces } from './places';
import { removeLeftovers, removeVolume } from './removal';
import { closeVolume, createVolume, growVolume, openVolume, plugIn, unplug, volumeFile } from './volumes';

export { ensureImage } from './image';
export { labPlaces, type MachinePlaces } from './places';
export { removeLeftovers } from './removal';

/** The machines of one lab. Calls about one machine are carried out one after the other, faults at once. */
export function createMachines(places: MachinePlaces = labPlaces): Machines {
  const machines = new Map<string, Machine>();
  const states = new Map<string, MachineState>();
  const turns = new Map<string, Promise<unknown>>();
  let removing = false;
  const listeners: ((instanceId: string, state: MachineState) => void)[] = [];

  const find = (instanceId: string): Machine => {
    const machine = machines.get(instanceId);
    if (machine !== undefined) return machine;
    const known = [...machines.keys()].join(', ') || 'none';
    throw new Error(`lab: there is no machine ${instanceId}; there are: ${known}`);
  };
  const inTurn = <T>(instanceId: string, work: () => Promise<T>): Promise<T> => {
    const act = () => (removing ? Promise.reject(new Error('lab: all machines are being removed')) : work());
    const turn = (turns.get(instanceId) ?? Promise.resolve()).then(act, act);
    turns.set(
      instanceId,
      turn.catch(() => undefined),
    );
    return turn;
  };
  const withMachine = (instanceId: string, work: (machine: Machine) => Promise<void>) =>
    inTurn(instanceId, () => work(find(instanceId)));

  const boot = async (spec: MachineSpec) => {
    if (machines.has(spec.instanceId)) throw new Error(`lab: machine ${spec.instanceId} is there already`);
    const image = await ensureImage(spec.operatingSystem);
    const machine = await Machine.create(spec, image, places, (state) => {
      for (const listener of listeners) listener(spec.instanceId, state);
    });
    machines.set(spec.instanceId, machine);
    // Removal may have begun meanwhile: it waits for this, and then removes the machine too.
    if (!removing) await machine.start();
  };
  return {
    run: (spec) => {
      states.set(spec.instanceId, 'pending');
      return inTurn(spec.instanceId, () => boot(spec)).catch((error: unknown) => {
        if (!machines.has(spec.instanceId)) states.set(spec.instanceId, 'terminated');
        throw error;
      });
    },
    stop: (instanceId) => withMachine(instanceId, (machine) => machine.stop()),
    start: (instanceId) => withMachine(instanceId, (machine) => machine.start()),
    reboot: (instanceId) => withMachine(instanceId, (machine) => machine.reboot()),
    terminate: (instanceId) =>
      withMachine(instanceId, async (machine) => {
        await machine.terminate();
        for (const volumeId of machine.volumes.keys()) await closeVolume(places.volumes, volumeId);
        machines.delete(instanceId);
        states.set(instanceId, 'terminated');
      }),
    attachVolume: (instanceId, volumeId) =>
      withMachine(instanceId, async (machine) => {
        const volume = await openVolume(places.volumes, volumeId);
        if (machine.initPid !== undefined) await plugIn(machine.initPid, volume);
        machine.volumes.set(volumeId, volume);
      }),
    detachVolume: (instanceId, volumeId) =>
      withMachine(instanceId, async (machine) => {
        const volume = machine.volumes.get(volumeId);
        if (volume === undefined) throw new Error(`lab: volume ${volumeId} is not attached to ${instanceId}`);
        if (machine.initPid !== undefined) await unplug(machine.initPid, volume);
        machine.volumes.delete(volumeId);
        await closeVolume(places.volumes, volumeId);
      }),
    createVolume: (volumeId, sizeGib) => createVolume(places.volumes, volumeId, sizeGib),
    growVolume: (volumeId, sizeGib) => growVolume(places.volumes, volumeId, sizeGib),
    deleteVolume: (volumeId) => removeVolume(volumeFile(places.volumes, volumeId)),
    state: (instanceId) =>
      machines.get(instanceId)?.state ?? states.get(instanceId) ?? find(instanceId).state,
    consoleOutput: (instanceId) => find(instanceId).console.newest(),
    initPid: (instanceId) => machines.get(instanceId)?.initPid,
    onStateChange: (listener) => void listeners.push(listener),
    crash: (instanceId) => find(instanceId).crash(),
    freeze: (instanceId) => find(instanceId).freeze(),
    thaw: (instanceId) => find(instanceId).thaw(),
    removeAll: async () => {
      removing = true;
      try {
        // Ends what others wait for, such as an orderly stop; then nobody is at work on a machine.
        await Promise.all([...machines.values()].map((machine) => machine.remove()));
        await Promise.all(turns.values());
        await Promise.all([...machines.values()].map((machine) => machine.remove()));
        for (const instanceId of [...states.keys()]) states.set(instanceId, 'terminated');
        machines.clear();
        await removeLeftovers(places);
      } finally {
        removing = false;
      }
    },
  };
}
