import type { Writable } from 'node:stream';

let destination: Writable | undefined;

/** Where the log goes from now on; nowhere before, so that a region inside of a test leaves the test's output readable. */
export function logTo(stream: Writable): void {
  destination = stream;
}

/** One line of the log, with the time. */
export function log(message: string): void {
  destination?.write(`${new Date().toISOString()} ${message}\n`);
}
