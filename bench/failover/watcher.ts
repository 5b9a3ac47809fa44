import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import type { Target } from '../../proving/pair/target';
import { clientOutageSchema, type ClientOutage } from './clients';
import { replySchema, type Reply, type WatcherRequest } from './watcherRequest';

const gapSchema = z.object({ lengthMs: z.number(), endedAt: z.number() });

/**
 * Watches the service from where its clients are: a process of its own, so that it can be in another network, and so
 * that nothing that the benchmark does meanwhile delays a probe.
 */
export class Watcher {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #count = 0;

  /** Probes begin at once. */
  constructor({ enterClients: enter, host, port, user }: Target) {
    const program = join(__dirname, 'watcherProcess.ts');
    const node = [process.execPath, '--require', require.resolve('tsx/cjs'), program, host, String(port)];
    const [command, ...args] = enter;
    this.#process = spawn(command, [...args, ...node], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Not on the command line, which others can read.
      env: { ...process.env, MQTT_USER: JSON.stringify(user ?? {}) },
    });
    this.#process.on('message', (message) => {
      const reply = replySchema.parse(message);
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    });
    this.#process.on('error', (error) => this.#fail(error.message));
    this.#process.on('exit', (code) => this.#fail(`it ended with exit code ${String(code)}`));
  }

  /** Whether each of the newest probes was served, and all began after `since`. */
  isServed(since: number): Promise<boolean> {
    return this.#ask({ call: 'isServed', since }, z.boolean());
  }

  /** The longest time without a CONNACK between two moments, and when it ended. */
  longestGap(from: number, to: number): Promise<z.infer<typeof gapSchema>> {
    return this.#ask({ call: 'longestGap', from, to }, gapSchema);
  }

  /** The first CONNACK after a moment. */
  servedAfter(moment: number): Promise<number | undefined> {
    return this.#ask({ call: 'servedAfter', moment }, z.number().optional());
  }

  /** Connects the clients that are to live through the fault. */
  async connectClients(keepaliveSeconds: number): Promise<void> {
    await this.#ask({ call: 'connectClients', keepaliveSeconds }, z.undefined());
  }

  /** Whether they have been served since the address came to rest. */
  areClientsServed(faultAt: number, restoredAt: number): Promise<boolean> {
    return this.#ask({ call: 'areClientsServed', faultAt, restoredAt }, z.boolean());
  }

  clientOutage(faultAt: number, restoredAt: number): Promise<ClientOutage> {
    return this.#ask({ call: 'clientOutage', faultAt, restoredAt }, clientOutageSchema);
  }

  close(): void {
    this.#process.removeAllListeners('exit');
    if (this.#process.connected) this.#process.disconnect();
  }

  async #ask<Result>(request: WatcherRequest, result: z.ZodType<Result>): Promise<Result> {
    const id = (this.#count += 1);
    const reply = await new Promise<Reply>((done) => {
      this.#waiting.set(id, done);
      this.#process.send({ id, request }, (error) => {
        if (error !== null) this.#fail(error.message);
      });
    });
    if (reply.error !== undefined) throw new Error(`the clients' process: ${reply.error}`);
    return result.parse(reply.result);
  }

  #fail(error: string): void {
    for (const [id, done] of this.#waiting) done({ id, error });
    this.#waiting.clear();
  }
}
