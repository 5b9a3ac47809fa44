import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MachineSpec, MachineState } from '../model';
import { openCgroup, type Cgroup } from './cgroup';
import { Console } from './console';
import { mountRoot } from './disk';
import { rememberGuestNetwork, type GuestNetwork } from './guestNetwork';
import { initOf, rebootStatus, startContainer } from './nspawn';
import { machineFiles, type MachineFiles, type MachinePlaces } from './places';
import { killGuest, removeMachine } from './removal';
import { writeSeed } from './seed';
import { signalIfThere } from './signal';
import { isTrueWithin } from './until';
import type { VolumeDevice } from './volumes';

const startTimeoutMs = 20_000;
const stopTimeoutMs = 30_000;
const repeatSignalMs = 2_000;

/** Real-time signals that a guest's systemd takes as the power button and as a request to reboot. */
const powerOffSignal = 34 + 4;
const rebootSignal = 34 + 5;

/** One booted instance: its container, disk and network, and the state that EC2 would show. */
export class Machine {
  state: MachineState = 'pending';
  /** The host's process id of the guest's init while it runs. */
  initPid: number | undefined;
  readonly console: Console;
  readonly volumes = new Map<string, VolumeDevice>();
  private readonly files: MachineFiles;
  /** Settles when the container has ended for good: no reboot. */
  private ended: Promise<void> = Promise.resolve();
  private powerIsWanted = false;

  private constructor(
    readonly spec: MachineSpec,
    private readonly places: MachinePlaces,
    private readonly cgroup: Cgroup,
    private readonly network: GuestNetwork,
    private readonly report: (state: MachineState) => void,
  ) {
    this.files = machineFiles(places, spec.instanceId);
    this.console = new Console(this.files.console);
  }

  /** A machine with its disk and seed, not booted yet. `report` hears of changes that nobody asked for. */
  static async create(
    spec: MachineSpec,
    image: string,
    places: MachinePlaces,
    report: (state: MachineState) => void,
  ): Promise<Machine> {
    const cgroup = await openCgroup(places.cgroup, spec.instanceId);
    const network = await rememberGuestNetwork(spec.namespace);
    const machine = new Machine(spec, places, cgroup, network, report);
    const { files } = machine;
    try {
      await mkdir(files.folder, { recursive: true });
      await mountRoot(files, image, spec.rootVolumeGib);
      await writeSeed(files.seed, spec);
      await writeFile(join(files.root, 'etc/resolv.conf'), `nameserver ${spec.resolver}\n`);
      await cgroup.create();
    } catch (error) {
      await removeMachine(places, spec.instanceId);
      throw error;
    }
    return machine;
  }

  async start(): Promise<void> {
    if (this.state === 'running') return;
    this.state = 'pending';
    this.powerIsWanted = true;
    try {
      await this.network.reset();
      await this.boot();
      this.state = 'running';
    } catch (error) {
      this.powerIsWanted = false;
      this.state = 'stopped';
      throw error;
    }
  }

  async stop(during: 'stopping' | 'shutting-down' = 'stopping'): Promise<void> {
    if (this.state === 'stopped') return;
    this.state = during;
    this.powerIsWanted = false;
    const isOff = () => this.initPid === undefined;
    if (!(await this.signalUntil(powerOffSignal, isOff))) await killGuest(this.cgroup);
    await this.ended;
    this.state = 'stopped';
  }

  async reboot(): Promise<void> {
    const former = this.initPid;
    const isUpAgain = () => this.initPid !== undefined && this.initPid !== former;
    if (await this.signalUntil(rebootSignal, () => isUpAgain() || this.state !== 'running')) return;
    // EC2 too resets a guest that does not react.
    await this.stop();
    await this.start();
  }

  async crash(): Promise<void> {
    this.powerIsWanted = false;
    // First, or its kernel would tell its peers: sockets of killed processes are closed in order.
    await this.network.silence();
    await killGuest(this.cgroup);
    await this.ended;
    this.state = 'stopped';
  }

  async freeze(): Promise<void> {
    if (this.initPid === undefined) {
      throw new Error(`lab: ${this.spec.instanceId} is ${this.state}; only a running machine can be frozen`);
    }
    await this.cgroup.freeze();
  }

  thaw(): Promise<void> {
    return this.cgroup.thaw();
  }

  async terminate(): Promise<void> {
    await this.stop('shutting-down');
    await this.remove();
  }

  /** Ends the machine without asking it, and leaves nothing of it. */
  async remove(): Promise<void> {
    this.powerIsWanted = false;
    await removeMachine(this.places, this.spec.instanceId);
    await this.ended;
    this.state = 'terminated';
  }

  private async boot(): Promise<void> {
    const container = startContainer({
      ...{ instanceId: this.spec.instanceId, hostname: this.spec.hostname, namespace: this.spec.namespace },
      ...{ files: this.files, cgroup: this.cgroup },
      devices: new Map([...this.volumes.values()].map(({ device, guestPath }) => [device, guestPath])),
    });
    container.stdout?.on('data', (chunk: Buffer) => this.console.append(chunk));
    container.stderr?.on('data', (chunk: Buffer) => this.console.append(chunk));
    const exit = new Promise<number | null>((done) => {
      container.on('error', (error) => {
        this.console.append(`${error.message}\n`);
        done(null);
      });
      container.on('exit', done);
    });
    let isOver = false;
    this.ended = exit.then(async (status) => {
      isOver = true;
      await this.afterExit(status);
    });
    const pid = container.pid;
    const began = await isTrueWithin(startTimeoutMs, async () => {
      this.initPid = pid === undefined ? undefined : await initOf(pid);
      return isOver || this.initPid !== undefined;
    });
    if (began && this.initPid !== undefined) return;
    await killGuest(this.cgroup);
    throw new Error(
      `lab: machine ${this.spec.instanceId} did not start; its console (${this.files.console}) ends:\n${(await this.console.newest()).slice(-1_000)}`,
    );
  }

  /** Boots again after a reboot from inside; anything else ends the machine, and is news when nobody asked for it. */
  private async afterExit(status: number | null): Promise<void> {
    this.initPid = undefined;
    if (status === rebootStatus && this.powerIsWanted) {
      try {
        await this.network.reset();
        await this.boot();
        await this.ended;
        return;
      } catch (error) {
        this.console.append(`${String(error)}\n`);
      }
    }
    await this.network.silence().catch((error: unknown) => this.console.append(`${String(error)}\n`));
    if (!this.powerIsWanted || this.state !== 'running') return;
    this.powerIsWanted = false;
    this.state = 'stopped';
    this.report('stopped');
  }

  /** Repeats the signal, since a guest's init that has only just begun does not hear it; no other init gets it. */
  private async signalUntil(signal: number, condition: () => boolean): Promise<boolean> {
    const init = this.initPid;
    const deadline = Date.now() + stopTimeoutMs;
    while (Date.now() < deadline) {
      if (init !== undefined && this.initPid === init) signalIfThere(init, signal);
      if (await isTrueWithin(repeatSignalMs, condition)) return true;
    }
    return false;
  }
}
