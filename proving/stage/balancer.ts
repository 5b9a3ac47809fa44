import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { balancerFiles } from '../../components/balancers/files';
import type { BalancerView } from '../../components/balancers/view';
import { Machine } from './machine';
import { eventually } from './eventually';

/** A balancer that runs what is rendered: its files, HAProxy as its unit starts it, and haproxy-watch beside it. */
export class Balancer {
  /** HAProxy's log: a line per session. */
  readonly log: string[] = [];
  private haproxy: ChildProcess | undefined;

  private constructor(
    readonly machine: Machine,
    readonly address: string,
  ) {}

  static async start(options: {
    readonly layers: readonly string[];
    readonly network: Machine;
    readonly view: BalancerView;
    readonly serverKey: string;
    /** False leaves HAProxy alone. */
    readonly watched?: boolean;
    /** Where HAProxy's log goes in place of `log`: a program before its own, and what must run for that. */
    readonly log?: {
      readonly prepare?: (machine: Machine) => Promise<void>;
      readonly by: readonly string[];
    };
  }): Promise<Balancer> {
    const { layers, network, view, serverKey, watched = true, log } = options;
    const machine = await Machine.start(layers);
    const balancer = new Balancer(machine, view.address);
    await machine.connect(view.address, network);
    await machine.run(['mkdir', '-p', '/run/haproxy', '/run/emqx-haproxy', '/var/lib/haproxy']);
    for (const [path, content] of Object.entries(secrets(serverKey)))
      await machine.write(path, content, '0600');
    await balancer.write(view);
    await log?.prepare?.(machine);
    await balancer.startHaproxy(log?.by);
    if (watched) machine.start(['python3', '/usr/local/lib/emqx-haproxy', 'balancer.haproxy_watch']);
    await eventually(() => balancer.ask('show info'), { timeoutMs: 5_000 });
    return balancer;
  }

  /** HAProxy's runtime socket. */
  async ask(command: string): Promise<string> {
    return this.machine.run(['python3', '-c', asking, '/run/haproxy/admin.sock', command]);
  }

  /** Writes the files of a view, checks them as the host does, and reloads as its unit does. */
  async reload(view?: BalancerView): Promise<void> {
    if (view !== undefined) await this.write(view);
    const before = await this.workers();
    const commands = (await this.unitCommands('ExecReload')).join(' && ');
    await this.machine.run(['sh', '-c', `${environment}; MAINPID=$(cat /run/haproxy.pid); ${commands}`]);
    await eventually(
      async () => {
        const after = await this.workers();
        if (after.current === undefined || after.current === before.current)
          throw new Error('still the former worker');
        await this.ask('show info');
      },
      { timeoutMs: 5_000 },
    );
  }

  /** Brings the changed files of a view that need no reload to HAProxy, by the programs that do so on a host. */
  async load(view: BalancerView): Promise<void> {
    const changed = await this.write(view);
    const changes = balancerFiles(view)
      .filter(({ path }) => changed.includes(path))
      .map(({ path, change }) => [path, change.kind === 'runtime' ? `runtime:${change.unit}` : change.kind]);
    await this.machine.run(['python3', '-c', loading], JSON.stringify(changes));
  }

  /** Process ids, inside the machine, of the worker that accepts and of those that only finish. */
  async workers(): Promise<{ readonly current: number | undefined; readonly old: readonly number[] }> {
    const listed = await this.machine.run(['python3', '-c', asking, '/run/haproxy/master.sock', 'show proc']);
    const [now = '', former = ''] = listed.split('# old workers');
    const pids = (text: string) => [...text.matchAll(/^(\d+)\s+worker/gm)].map((match) => Number(match[1]));
    return { current: pids(now)[0], old: pids(former) };
  }

  /** Waits until HAProxy's health checks say so of brokers. */
  async sees(status: RegExp, broker: string, backend = 'brokers_mqtt', timeoutMs = 5_000): Promise<void> {
    await eventually(
      async () => {
        const row = (await this.ask('show stat'))
          .split('\n')
          .find((line) => line.startsWith(`${backend},${broker},`));
        const found = row?.split(',')[17] ?? 'nothing';
        if (!status.test(found)) throw new Error(`${broker} is ${found}`);
      },
      { timeoutMs },
    );
  }

  async stop(): Promise<void> {
    await this.machine.stop();
  }

  /** Which files differed. */
  private async write(view: BalancerView): Promise<string[]> {
    const archive = balancerFiles(view).map(({ path, content, mode }) => ({ path, content, mode }));
    const changed = await this.machine.run(['python3', '-c', writing], JSON.stringify(archive));
    return changed.split('\n').filter((path) => path !== '');
  }

  private async startHaproxy(by: readonly string[] = []): Promise<void> {
    const before = await this.unitCommands('ExecStartPre');
    const program = (await this.unitCommands('ExecStart')).at(-1) ?? 'false';
    const start = [...before, ['exec', ...by, program].join(' ')].join(' && ');
    this.haproxy = this.machine.start(['sh', '-c', `${environment}; ${start}`], {
      onLine: (line) => this.log.push(line.replace(/^<\d+>/, '')),
    });
    const failed = once(this.haproxy, 'exit').then(() => Promise.reject(new Error('HAProxy did not start')));
    failed.catch(() => undefined);
    await Promise.race([eventually(() => this.ask('show info'), { timeoutMs: 10_000 }), failed]);
  }

  private async unitCommands(name: string): Promise<string[]> {
    const unit = await this.machine.run(['cat', '/etc/systemd/system/haproxy.service.d/emqx-haproxy.conf']);
    return [...unit.matchAll(new RegExp(`^${name}=[-+!]*(.+)$`, 'gm'))].map((match) => match[1] ?? '');
  }
}

/** What the unit's EnvironmentFile does. */
const environment = 'set -a; . /etc/emqx-haproxy/secrets/haproxy.env; set +a';

/** What a host gets from Secrets Manager. */
function secrets(serverKey: string): Readonly<Record<string, string>> {
  return {
    '/etc/emqx-haproxy/secrets/haproxy.env': `STATS_PASSWORD="${statsPassword}"\n`,
    '/etc/emqx-haproxy/secrets/ticket-master': 'a master that both balancers have\n',
    '/etc/haproxy/certs/server.pem.key': serverKey,
    '/etc/haproxy/certs/to-brokers.pem.key': serverKey,
  };
}

/** Of the statistics page. */
export const statsPassword = 'open sesame';

const asking = `
import socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.settimeout(3)
connection.connect(sys.argv[1])
connection.sendall(sys.argv[2].encode() + b"\\n")
connection.shutdown(socket.SHUT_WR)
sys.stdout.write(b"".join(iter(lambda: connection.recv(65536), b"")).decode())
`;

const writing = `
import json, os, sys
for file in json.load(sys.stdin):
    os.makedirs(os.path.dirname(file["path"]), exist_ok=True)
    if not os.path.exists(file["path"]) or open(file["path"]).read() != file["content"]:
        print(file["path"])
    with open(file["path"], "w") as out:
        out.write(file["content"])
    os.chmod(file["path"], int(file["mode"], 8))
`;

const loading = `
import json, sys
sys.path.insert(0, "/usr/local/lib/emqx-haproxy")
from apply.changes import carry_out
runtime = json.load(open("/etc/emqx-haproxy/apply.json"))["runtime"]
for step in carry_out([tuple(change) for change in json.load(sys.stdin)], (), runtime):
    step()
`;
