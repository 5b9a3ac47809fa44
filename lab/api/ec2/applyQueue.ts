/**
 * Runs one piece of work at a time. Calls that come while it runs share a single further run, which sees all their
 * changes: a burst of changes costs two runs, and a lone one waits for nothing.
 */
export class ApplyQueue {
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  private failed = false;

  constructor(private readonly apply: () => Promise<void>) {}

  /** Runs once more, after what runs now. */
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

  /** For who changes nothing, but must not answer before former changes are done. */
  caughtUp(): Promise<void> {
    return this.next ?? this.running ?? (this.failed ? this.start() : Promise.resolve());
  }

  private start(): Promise<void> {
    const run: Promise<void> = this.apply()
      .then(
        () => {
          this.failed = false;
        },
        (error: unknown) => {
          this.failed = true;
          throw error;
        },
      )
      .finally(() => {
        if (this.running === run) this.running = undefined;
      });
    this.running = run;
    return run;
  }
}
