import { cpus, release, totalmem } from 'node:os';

/** What figures were measured on. */
export function describeThisMachine(): Readonly<Record<'processor' | 'memory' | 'kernel', string>> {
  return {
    processor: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: release(),
  };
}
