import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { namespacePath } from './addresses';

/**
 * A program kept open in a namespace: it reads commands from its standard input, one answer at a time. A new process
 * for each would cost 4 to 19 ms, which is longer than a takeover may take here.
 */
interface Dialogue {
  readonly program: string;
  /** Starts it, with its errors on standard output, so that an answer is in one stream. */
  readonly shellCommand: string;
  /** What is sent for a command; it ends in something that prints `end`. */
  readonly send: (command: string) => string;
  /** Finds the end of the answer; the first group is what the command printed, the second its exit code. */
  readonly end: RegExp;
}

interface Waiting {
  readonly command: string;
  readonly done: (output: string) => void;
  readonly failed: (error: Error) => void;
}

export class OpenProgram {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #dialogue: Dialogue;
  readonly #namespace: string;
  readonly #waiting: Waiting[] = [];
  #heard = '';
  #ended: Error | undefined;

  constructor(namespace: string, dialogue: Dialogue) {
    this.#namespace = namespace;
    this.#dialogue = dialogue;
    this.#child = spawn('nsenter', [`--net=${namespacePath(namespace)}`, 'sh', '-c', dialogue.shellCommand]);
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    this.#child.stdin.on('error', () => undefined);
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('close', (code) => this.#end(`ended with exit code ${String(code)}`));
  }

  /** What the command printed; rejects when it failed, with the command and the reason. */
  ask(command: string): Promise<string> {
    return new Promise((done, failed) => {
      if (this.#ended !== undefined) {
        failed(this.#ended);
        return;
      }
      this.#waiting.push({ command, done, failed });
      this.#child.stdin.write(this.#dialogue.send(command));
    });
  }

  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    const closed = new Promise((done) => this.#child.once('close', done));
    this.#child.stdin.end();
    await closed;
  }

  #hear(text: string): void {
    this.#heard += text;
    for (;;) {
      const match = this.#dialogue.end.exec(this.#heard);
      if (match === null) return;
      this.#heard = this.#heard.slice(match.index + match[0].length);
      const [, output = '', code = output === '' ? '0' : '1'] = match;
      const answered = this.#waiting.shift();
      if (code === '0') answered?.done(output);
      else answered?.failed(this.#failure(answered.command, output));
    }
  }

  #failure(command: string, reason: string): Error {
    const { program } = this.#dialogue;
    return new Error(
      `fabric: ${program} in ${this.#namespace} failed: ${reason.trim()}\n${command.slice(0, 500)}`,
    );
  }

  #end(reason: string): void {
    this.#ended ??= new Error(`fabric: ${this.#dialogue.program} in ${this.#namespace} ${reason}`);
    const text = `${this.#heard} (${this.#ended.message})`;
    for (const { command, failed } of this.#waiting.splice(0)) failed(this.#failure(command, text));
  }
}

/** A shell; a command is a script of any length that stops at the first error. */
export function openShell(namespace: string): OpenProgram {
  return new OpenProgram(namespace, {
    program: 'sh',
    shellCommand: 'exec sh 2>&1',
    send: (script) => `( set -e\n${script}\n) </dev/null\necho "--end $?"\n`,
    end: /^([^]*?)--end (\d+)\n/,
  });
}

/** nftables; a command is a transaction of one line: its statements, whole or not at all. Prints nothing but errors. */
export function openNft(namespace: string): OpenProgram {
  return new OpenProgram(namespace, {
    program: 'nft',
    shellCommand: 'exec nft -i 2>&1',
    // nft ends an answer with nothing; describing a datatype prints one known line and asks the kernel nothing.
    send: (transaction) => `${transaction}\ndescribe ip version\n`,
    end: /^([^]*?)payload expression, datatype integer \(integer\), 4 bits\n/,
  });
}
