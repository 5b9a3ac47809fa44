import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { namespacePath } from '../../../lab/fabric/addresses';

/** What has not answered by then is silent. An answer comes within milliseconds, later where the CPUs are busy. */
const timeoutSeconds = 0.8;

/** A small program in a network namespace (none: the test's own) that serves and connects as it is told. */
export class FabricHost {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, (result: string) => void>();
  #lastId = 0;

  constructor(name: string, namespace?: string) {
    const command = ['python3', join(__dirname, 'fabricHost.py'), name];
    const enter = namespace === undefined ? [] : ['nsenter', `--net=${namespacePath(namespace)}`];
    const [program = '', ...args] = [...enter, ...command];
    this.#child = spawn(program, args);
    this.#child.stderr.pipe(process.stderr);
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const { id, result } = JSON.parse(line) as { id: number; result: string };
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  serveTcp = (port: number, address = '') => this.#ask({ do: 'serveTcp', port, address });
  serveUdp = (port: number) => this.#ask({ do: 'serveUdp', port });
  serveProtocol = (protocol: number) => this.#ask({ do: 'serveRaw', protocol });

  /** `NAME SEEN-AS` of the server that answered, `silence`, or the error's text. */
  greeting = (address: string, port: number, options: { source?: string; timeout?: number } = {}) =>
    this.#ask({ do: 'greeting', address, port, ...options });
  askUdp = (address: string, port: number, options: { source?: string } = {}) =>
    this.#ask({ do: 'askUdp', address, port, ...options });

  /** Opens a connection that stays; `say` then sends a line over it and gives what came back. */
  hold = (name: string, address: string, port: number) => this.#ask({ do: 'hold', name, address, port });
  say = (name: string) => this.#ask({ do: 'say', name });

  sendProtocol = (protocol: number, address: string, text: string, options: { source?: string } = {}) =>
    this.#ask({ do: 'sendRaw', protocol, address, text, ...options });
  received = () => this.#ask({ do: 'received' });

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const closed = new Promise((done) => this.#child.once('close', done));
    this.#child.kill('SIGKILL');
    await closed;
  }

  #ask(request: Record<string, unknown>): Promise<string> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((done) => {
      this.#waiting.set(id, done);
      this.#child.stdin.write(`${JSON.stringify({ id, timeout: timeoutSeconds, ...request })}\n`);
    });
  }
}
