import { text } from 'node:stream/consumers';
import type { Outputs } from '../verify/outputs';
import { Ssh } from '../verify/ssh';

/** The brokers of a stack that has backups, over SSH. */
export class Brokers {
  readonly #ssh: Ssh;
  readonly #names: readonly string[];

  constructor(
    outputs: Outputs,
    private readonly print: (text: string) => void,
    ssh: Ssh = new Ssh(outputs.ssh),
  ) {
    if (outputs.backups === undefined)
      throw new Error('this stack has no backups; set emqx.backup and run pulumi up');
    this.#ssh = ssh;
    this.#names = outputs.brokers.map(({ name }) => name);
  }

  /** The one that is asked for, or the first that answers. */
  async one(wanted?: string): Promise<string> {
    if (wanted !== undefined && !this.#names.includes(wanted))
      throw new Error(`${wanted} is no broker of this stack; it has ${this.#names.join(', ')}`);
    const failures: string[] = [];
    for (const name of wanted === undefined ? this.#names : [wanted]) {
      try {
        await this.#ssh.connect(name);
        return name;
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
    throw new Error(`no broker answers: ${failures.join('; ')}`);
  }

  /** All of them; throws when one does not answer. */
  async all(): Promise<readonly string[]> {
    const tried = await Promise.allSettled(this.#names.map((name) => this.#ssh.connect(name)));
    const away = this.#names.filter((_, index) => tried[index]?.status === 'rejected');
    if (away.length > 0)
      throw new Error(
        `${away.join(', ')} do not answer; a restore is for all brokers, so have them run first`,
      );
    return this.#names;
  }

  /** Runs a command on a host and prints what it says while it runs; what it says on standard error is thrown. */
  async run(name: string, command: string): Promise<void> {
    const channel = await this.#ssh.start(name, command);
    const code = new Promise<number | null>((done) =>
      channel.on('exit', (status: number | null) => done(status)).on('close', () => done(null)),
    );
    channel.setEncoding('utf8').on('data', (said: string) => this.print(said));
    const errors = await text(channel.stderr);
    if ((await code) !== 0) throw new Error(`${name}: ${errors.trim() || `\`${command}\` did not end well`}`);
  }

  /** What a command prints. */
  ask(name: string, command: string): Promise<string> {
    return this.#ssh.run(name, command, askMs);
  }

  async close(): Promise<void> {
    await this.#ssh.close();
  }
}

/** For a listing, which may be of years. */
const askMs = 60_000;
