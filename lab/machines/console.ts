import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';

const shownBytes = 64 * 1024;
const keptBytes = 1024 * 1024;

/** What a machine printed, in a file that does not grow beyond a megabyte. */
export class Console {
  private written: Promise<void> = Promise.resolve();

  constructor(private readonly file: string) {}

  /** Text is kept in the order of the calls. */
  append(chunk: Buffer | string): void {
    this.written = this.written.then(() => this.write(chunk)).catch(() => undefined);
  }

  /** The newest 64 KiB, as EC2 gives them. */
  async newest(): Promise<string> {
    await this.written;
    return (await this.tail()).toString('utf8');
  }

  private async write(chunk: Buffer | string): Promise<void> {
    await appendFile(this.file, chunk);
    if ((await stat(this.file)).size > keptBytes) await writeFile(this.file, await this.tail());
  }

  private async tail(): Promise<Buffer> {
    const all = await readFile(this.file).catch(() => Buffer.alloc(0));
    return all.subarray(Math.max(0, all.length - shownBytes));
  }
}
