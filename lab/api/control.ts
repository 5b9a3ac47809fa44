import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { MoveBehaviour } from '../model';
import { readBody } from './awsCall';
import { accountSchema } from './ec2/account';
import { elasticIpOf } from './ec2/interfaces';
import type { InstanceRecord } from './ec2/instanceRecord';
import { reboot, start, stoppedByItself } from './ec2/lifeCycle';
import type { Region } from './ec2/region';
import { faultSchema, type Faults } from './faults';
import type { InstanceCredentials } from './iam/instanceCredentials';
import { log } from './log';

/** An instance as the lab's commands see it. The name is its Name tag, or its id without one. */
export interface MachineView {
  readonly name: string;
  readonly instanceId: string;
  readonly privateIp: string;
  readonly publicIp?: string;
  readonly state: string;
  readonly initPid?: number;
}

export interface ControlParts {
  readonly region: Region;
  readonly faults: Faults;
  readonly issued: InstanceCredentials;
  readonly shutdown: () => Promise<void>;
}

/** The daemon's own HTTP on its unix socket: status, faults, shutdown. Answers JSON. */
export async function handleControl(
  parts: ControlParts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const [path = '/'] = (incoming.url ?? '/').split('?');
  const route = `${incoming.method ?? 'GET'} ${path}`;
  try {
    const body = (await readBody(incoming)).toString();
    const result = await answer(parts, route, body === '' ? {} : JSON.parse(body));
    if (result === undefined) reply(outgoing, 404, { error: `no such request: ${route}` });
    else reply(outgoing, 200, result);
    if (route === 'POST /shutdown') await parts.shutdown();
  } catch (error) {
    const message =
      error instanceof z.ZodError
        ? z.prettifyError(error)
        : error instanceof Error
          ? error.message
          : String(error);
    log(`control: ${route}: ${message}`);
    if (!outgoing.headersSent) reply(outgoing, 400, { error: message });
  }
}

async function answer(parts: ControlParts, route: string, input: unknown): Promise<object | undefined> {
  const { region, faults, issued } = parts;
  switch (route) {
    case 'GET /health':
      return { region: region.name, pid: process.pid };
    case 'GET /machines':
      return current(region).map((record) => view(region, record));
    case 'GET /faults':
      return faults.list();
    case 'POST /faults':
      faults.add(faultSchema.parse(input));
      return faults.list();
    case 'DELETE /faults':
      faults.clear();
      return faults.list();
    case 'POST /moves':
      region.fabric.setMoveBehaviour(moveSchema.parse(input) satisfies MoveBehaviour);
      return {};
    case 'GET /account':
      return region.account;
    case 'POST /account':
      region.account = accountSchema.parse({ ...region.account, ...z.looseObject({}).parse(input) });
      return region.account;
    case 'POST /credentials':
      issued.setLifetime(lifetimeSchema.parse(input).lifetimeSeconds);
      return {};
    case 'POST /shutdown':
      return {};
    default:
      return machineRequest(region, route, input);
  }
}

const moveSchema = z.strictObject({
  delayMs: z.number().int().nonnegative(),
  lingerMs: z.number().int().nonnegative(),
});
const lifetimeSchema = z.strictObject({ lifetimeSeconds: z.number().int().min(1) });

const cutSchema = z.strictObject({
  cut: z.union([z.literal('vrrp'), z.strictObject({ from: z.string() })]).optional(),
});

async function machineRequest(region: Region, route: string, input: unknown): Promise<object | undefined> {
  const match = /^(GET|POST) \/machines\/([^/]+)\/(\w+)$/.exec(route);
  if (match === null) return undefined;
  const [, method, name = '', verb = ''] = match;
  const record = named(region, decodeURIComponent(name));
  if (method === 'GET') {
    if (verb !== 'console') return undefined;
    return { console: record.lastConsole ?? (await region.machines.consoleOutput(record.instanceId)) };
  }
  const fault = machineFaults[verb];
  if (fault === undefined) {
    throw new Error(`no fault '${verb}' of a machine: ${Object.keys(machineFaults).join(', ')}`);
  }
  await fault(region, record, input);
  log(`${record.instanceId}: ${verb}`);
  return view(region, record);
}

type MachineFault = (region: Region, record: InstanceRecord, input: unknown) => Promise<void>;

const machineFaults: Readonly<Record<string, MachineFault>> = {
  /** From inside: the API sees it stop by itself. */
  async poweroff(region, record) {
    await region.machines.stop(record.instanceId);
    stoppedByItself(region, record);
  },
  async crash(region, record) {
    // A dead machine's namespace would still answer with RST.
    await region.fabric.cut(record.interfaceId);
    await region.machines.crash(record.instanceId);
    stoppedByItself(region, record);
  },
  async reboot(region, record) {
    reboot(region, record);
    await Promise.resolve();
  },
  async start(region, record) {
    if (record.state !== 'stopped') throw new Error(`${record.instanceId} is ${record.state}, not stopped`);
    start(region, record);
    await Promise.resolve();
  },
  async freeze(region, record) {
    await region.machines.freeze(record.instanceId);
    record.unreachableSince ??= Date.now();
  },
  async thaw(region, record) {
    await region.machines.thaw(record.instanceId);
    record.unreachableSince = undefined;
  },
  /** The whole interface, VRRP alone, or all traffic with one other machine. */
  async partition(region, record, input) {
    const { cut = 'all' } = cutSchema.parse(input);
    const what = typeof cut === 'object' ? { from: named(region, cut.from).interfaceId } : cut;
    await region.fabric.cut(record.interfaceId, what);
    if (what === 'all') record.unreachableSince ??= Date.now();
  },
  async heal(region, record) {
    await region.fabric.uncut(record.interfaceId);
    record.unreachableSince = undefined;
  },
};

function current(region: Region): InstanceRecord[] {
  return [...region.instances.values()].filter((record) => record.state !== 'terminated');
}

function nameOf(region: Region, record: InstanceRecord): string {
  return region.tagsOf(record.instanceId).get('Name') ?? record.instanceId;
}

function named(region: Region, name: string): InstanceRecord {
  // By its id one that is gone too, so that its console can still be read.
  const byId = region.instances.get(name);
  if (byId !== undefined) return byId;
  const records = current(region);
  const found = records.filter((each) => nameOf(region, each) === name);
  const [record] = found;
  if (record === undefined || found.length > 1) {
    const known = records.map((each) => nameOf(region, each)).join(', ') || 'none';
    throw new Error(
      `${found.length === 0 ? 'no machine' : 'more than one machine'} '${name}'; there are: ${known}`,
    );
  }
  return record;
}

function view(region: Region, record: InstanceRecord): MachineView {
  const { instanceId, privateIp, state, interfaceId } = record;
  const own = region.interfaces.get(interfaceId);
  const publicIp = own && elasticIpOf(region, own, privateIp)?.publicIp;
  const initPid = region.machines.initPid(instanceId);
  return {
    name: nameOf(region, record),
    instanceId,
    privateIp,
    state,
    ...(publicIp === undefined ? {} : { publicIp }),
    ...(initPid === undefined ? {} : { initPid }),
  };
}

function reply(outgoing: ServerResponse, status: number, content: object): void {
  const text = JSON.stringify(content);
  outgoing.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  outgoing.end(text);
}
