import type { Fabric, Machines, MachineSpec, MachineState, Vpc } from '../../lab/model';

/** A fabric that keeps what it was told, and can be made slow or broken. */
export class FakeFabric implements Fabric {
  readonly applied: Vpc[] = [];
  readonly cuts = new Set<string>();
  beforeApply: () => Promise<void> = () => Promise.resolve();

  async apply(vpc: Vpc): Promise<void> {
    await this.beforeApply();
    this.applied.push(vpc);
  }

  get last(): Vpc {
    const vpc = this.applied.at(-1);
    if (vpc === undefined) throw new Error('nothing was applied');
    return vpc;
  }

  setMoveBehaviour(): void {}
  cut(interfaceId: string): Promise<void> {
    this.cuts.add(interfaceId);
    return Promise.resolve();
  }
  uncut(interfaceId: string): Promise<void> {
    this.cuts.delete(interfaceId);
    return Promise.resolve();
  }
  namespaceOf(interfaceId: string): string {
    return `ns-${interfaceId}`;
  }
}

/** Machines that do at once what they are told; `powerOff` lets one end by itself. */
export class FakeMachines implements Machines {
  readonly specs = new Map<string, MachineSpec>();
  readonly volumes = new Set<string>();
  readonly grown = new Map<string, number>();
  readonly plugged = new Set<string>();
  failNextRun: string | undefined;
  private readonly states = new Map<string, MachineState>();
  private listener: (instanceId: string, state: MachineState) => void = () => {};

  run(spec: MachineSpec): Promise<void> {
    if (this.failNextRun !== undefined) {
      const message = this.failNextRun;
      this.failNextRun = undefined;
      return Promise.reject(new Error(message));
    }
    this.specs.set(spec.instanceId, spec);
    return this.become(spec.instanceId, 'running');
  }
  stop(instanceId: string): Promise<void> {
    return this.become(instanceId, 'stopped');
  }
  start(instanceId: string): Promise<void> {
    return this.become(instanceId, 'running');
  }
  reboot(): Promise<void> {
    return Promise.resolve();
  }
  terminate(instanceId: string): Promise<void> {
    return this.become(instanceId, 'terminated');
  }
  attachVolume(_instanceId: string, volumeId: string): Promise<void> {
    this.plugged.add(volumeId);
    return Promise.resolve();
  }
  detachVolume(_instanceId: string, volumeId: string): Promise<void> {
    this.plugged.delete(volumeId);
    return Promise.resolve();
  }
  createVolume(volumeId: string): Promise<void> {
    this.volumes.add(volumeId);
    return Promise.resolve();
  }
  growVolume(volumeId: string, sizeGib: number): Promise<void> {
    this.grown.set(volumeId, sizeGib);
    return Promise.resolve();
  }
  deleteVolume(volumeId: string): Promise<void> {
    this.volumes.delete(volumeId);
    return Promise.resolve();
  }
  state(instanceId: string): MachineState {
    return this.states.get(instanceId) ?? 'terminated';
  }
  consoleOutput(instanceId: string): Promise<string> {
    return Promise.resolve(`console of ${instanceId}`);
  }
  initPid(instanceId: string): number | undefined {
    return this.state(instanceId) === 'running' ? 4711 : undefined;
  }
  onStateChange(listener: (instanceId: string, state: MachineState) => void): void {
    this.listener = listener;
  }
  crash(instanceId: string): Promise<void> {
    return this.powerOff(instanceId);
  }
  freeze(): Promise<void> {
    return Promise.resolve();
  }
  thaw(): Promise<void> {
    return Promise.resolve();
  }
  removeAll(): Promise<void> {
    this.states.clear();
    return Promise.resolve();
  }

  async powerOff(instanceId: string): Promise<void> {
    await this.become(instanceId, 'stopped');
    this.listener(instanceId, 'stopped');
  }

  private become(instanceId: string, state: MachineState): Promise<void> {
    this.states.set(instanceId, state);
    return Promise.resolve();
  }
}
