/**
 * Runs one piece of work at a time. Calls that come while it runs share a single further run, which sees all their
 * changes: a burst of changes costs two runs, and a lone one waits for nothing.
 */
export class ApplyQueue {
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;

  constructor(private readonly apply: () => Promise<void>) {}

  settle(): Promise<void> {
    if (this.running === undefined) return this.start();
    this.next ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        return this.start();
      });
    return this.next;
  }

  private start(): Promise<void> {
    const run: Promise<void> = this.apply().finally(() => {
      if (this.running === run) this.running = undefined;
    });
    this.running = run;
    return run;
  }
}
