/** One line of the daemon's log, on standard output, with the time. */
export function log(message: string): void {
  process.stdout.write(`${new Date().toISOString()} ${message}\n`);
}
