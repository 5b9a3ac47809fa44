import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { escapeLayer } from '../../lab/machines/chroot';
import { run } from '../../lab/process';

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line of standard output. */
  readonly onLine?: (line: string) => void;
}

/**
 * Namespaces of their own for network, mounts and processes, over an image's layers or over this host's own files.
 * They live as long as this process holds the keeper's standard input, so nothing of them outlives a killed test.
 */
export class Machine {
  private readonly started: ChildProcess[] = [];

  private constructor(
    private readonly keeper: ChildProcess,
    /** The keeper as this host knows it: a name for its namespaces. */
    readonly pid: number,
    private readonly scratch: string,
    private readonly root: string,
  ) {}

  /** Without layers the machine sees this host's files. */
  static async start(layers: readonly string[] = []): Promise<Machine> {
    const scratch = mkdtempSync(join(tmpdir(), 'dataplane-'));
    const unshare = ['--mount', '--net', '--pid', '--fork', '--kill-child'];
    const lower = layers.map(escapeLayer).join(':');
    const keeper = spawn('unshare', [...unshare, 'sh', '-c', keep, 'sh', scratch, lower], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await Promise.race([
      once(keeper.stdout, 'data'),
      once(keeper, 'exit').then(() => Promise.reject(new Error('a machine of the stage did not start'))),
    ]);
    const children = `/proc/${keeper.pid ?? 0}/task/${keeper.pid ?? 0}/children`;
    const pid = Number(readFileSync(children, 'utf8').trim().split(' ')[0]);
    return new Machine(keeper, pid, scratch, layers.length === 0 ? '/' : join(scratch, 'root'));
  }

  /** Runs a program to its end and returns what it wrote. */
  async run(argv: readonly string[], input?: string): Promise<string> {
    return run('nsenter', this.inside(argv), input === undefined ? {} : { input });
  }

  /** Starts a program that stays. */
  start(argv: readonly string[], options: StartOptions = {}): ChildProcess {
    const child = spawn('nsenter', this.inside(argv), {
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.started.push(child);
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach((line) => options.onLine?.(line));
    });
    // HAProxy and the broker's programs complain here; nobody would read it while all is well.
    child.stderr.resume();
    // The machine may be stopped while the program is being told something.
    child.stdin.on('error', () => undefined);
    return child;
  }

  /** Writes a file; its folders are made. */
  async write(path: string, content: string, mode = '0644'): Promise<void> {
    await this.run(
      ['sh', '-c', 'mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"', 'sh', path, mode],
      content,
    );
  }

  /** Joins the switch's network. */
  async connect(address: string, network: Switchboard): Promise<void> {
    const port = `p${this.pid}`;
    await run('nsenter', [
      ...['--target', String(network.pid), '--net', 'sh', '-c', plug, 'sh', port, String(this.pid)],
    ]);
    await this.run(['sh', '-c', 'ip address add "$1/24" dev eth0 && ip link set eth0 up', 'sh', address]);
  }

  /** Sends a signal to every process but the keeper. */
  async signal(name: 'STOP' | 'CONT' | 'KILL'): Promise<void> {
    await this.run(['sh', '-c', `kill -${name} -1 || true`]);
  }

  /** Ends the namespaces and everything in them. */
  async stop(): Promise<void> {
    // An nsenter stops when what it started is stopped; then nobody would collect that, and the namespace not end.
    for (const child of this.started) child.kill('SIGKILL');
    if (this.keeper.exitCode === null) {
      const ended = once(this.keeper, 'exit');
      this.keeper.stdin?.end();
      await ended;
    }
    rmSync(this.scratch, { recursive: true, force: true });
  }

  private inside(argv: readonly string[]): string[] {
    const enter = ['--target', String(this.pid), '--mount', '--net', '--pid'];
    return [...enter, ...(this.root === '/' ? [] : ['chroot', this.root]), ...argv];
  }
}

/** Where machines are plugged in. */
export interface Switchboard {
  readonly pid: number;
}

const keep = `
set -e
scratch=$1 layers=$2
mount -t tmpfs tmpfs "$scratch"
if [ -n "$layers" ]; then
  mkdir "$scratch/root" "$scratch/upper" "$scratch/work"
  mount -t overlay overlay -o "lowerdir=$layers,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/root"
  mount -t proc proc "$scratch/root/proc"
  mount --rbind /dev "$scratch/root/dev"
  mount -t tmpfs tmpfs "$scratch/root/run"
else
  mount -t proc proc /proc
fi
ip link set lo up
echo ready
exec cat
`;

const plug = `
set -e
ip link add "$1" type veth peer name eth0 netns "$2"
ip link set "$1" master br0 up
`;
