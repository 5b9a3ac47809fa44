import { render } from '../rendering/template';
import type { HostFile } from './fileSet';

/** What a host's kernel must allow. */
export interface KernelLimits {
  readonly maxConnections: number;
  readonly fileDescriptors: number;
}

/** Where a host's own connections begin, and what must not be taken for them. */
export interface SourcePorts {
  readonly localPortRange: readonly [first: number, last: number];
  readonly reservedPorts: readonly number[];
}

/** Kernel settings, in the folder that `sysctl --system` reads. */
export function kernelFile(limits: KernelLimits, sourcePorts?: SourcePorts): HostFile {
  // Never below the kernel's own default of nr_open; file-max is for the whole host, two generations included.
  const openFiles = Math.max(1_048_576, limits.fileDescriptors);
  return {
    path: '/etc/sysctl.d/60-emqx-haproxy.conf',
    content: render('host/sysctl.conf', {
      maxConnections: limits.maxConnections,
      openFiles,
      maxFiles: openFiles * 2,
      balancer: sourcePorts !== undefined && sourcePortsView(sourcePorts),
    }),
    mode: '0644',
    owner: 'root:root',
    change: { kind: 'sysctl' },
  };
}

function sourcePortsView({ localPortRange: [firstPort, lastPort], reservedPorts }: SourcePorts) {
  return { firstPort, lastPort, reservedPorts: reservedPorts.join(',') };
}
