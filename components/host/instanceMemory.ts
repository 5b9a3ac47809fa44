import type * as pulumi from '@pulumi/pulumi';
import type { Problems } from '../rendering/problems';

/** MiB of memory of the burstable types, by size; of t2, t3, t3a and t4g alike. */
const burstable: Readonly<Record<string, number>> = {
  nano: 512,
  micro: 1_024,
  small: 2_048,
  medium: 4_096,
  large: 8_192,
  xlarge: 16_384,
  '2xlarge': 32_768,
};

/** GiB of a type of size `large`; the other sizes are multiples of it. */
const gibOfLarge: Readonly<Record<string, number>> = { c: 4, m: 8, r: 16 };

/**
 * The memory of an EC2 instance type in MiB: of the families t, c, m and r, as AWS lists them. Undefined for other
 * families, bare metal, and variants such as c5n whose memory follows another rule.
 */
export function memoryMib(instanceType: string): number | undefined {
  const [, family, size = ''] =
    /^(t[234][ag]?|[cmr][5-8](?:i|a|g|id|ad|gd|d)?)\.([a-z0-9]+)$/.exec(instanceType) ?? [];
  if (family === undefined) return undefined;
  if (family.startsWith('t')) return burstable[size];
  const gib = gibOfLarge[family.charAt(0)];
  const multiple = multipleOfLarge(size);
  return gib === undefined || multiple === undefined ? undefined : gib * multiple * 1_024;
}

function multipleOfLarge(size: string): number | undefined {
  if (size === 'medium') return 0.5;
  if (size === 'large') return 1;
  const [, count] = /^([0-9]*)xlarge$/.exec(size) ?? [];
  return count === undefined ? undefined : 2 * Number(count === '' ? 1 : count);
}

/** kB in the kernel for an idle connection, measured. */
export const kernelKbPerSocket = 5;

/** What a host needs: for its clients, as a number and as the sum that it is, and beside them. */
export interface MemoryDemand {
  readonly clientsKb: number;
  readonly sum: string;
  readonly systemMib: number;
}

/** A demand must fit. Not checked while the type is an Output, nor for one whose memory is not known. */
export function checkMemory(
  path: string,
  instanceType: pulumi.Input<string>,
  { clientsKb, sum, systemMib }: MemoryDemand,
  problems: Problems,
): void {
  if (typeof instanceType !== 'string') return;
  const available = memoryMib(instanceType);
  const clientsMib = Math.ceil(clientsKb / 1024);
  const needed = systemMib + clientsMib;
  if (available === undefined || needed <= available) return;
  problems.add(
    path,
    `is ${instanceType} with ${available} MiB, but ${needed} MiB are needed: ${sum} = ${clientsMib} MiB, and ${systemMib} MiB` +
      ' for the system; give a larger type, or lower listeners.*.maxConnections',
  );
}
