import type { BalancerView, BrokerView } from './model';
import { render } from './template';

/** Kernel settings of a balancer, from the limits that its listeners need. */
export function balancerSysctl({ limits }: BalancerView): string {
  const [firstPort, lastPort] = limits.localPortRange;
  return render('host/sysctl.conf', {
    ...fileLimits(limits.maxConnections, limits.fileDescriptors),
    balancer: { firstPort, lastPort, reservedPorts: limits.reservedPorts.join(',') },
  });
}

/** Kernel settings of a broker. */
export function brokerSysctl(view: BrokerView): string {
  return render('host/sysctl.conf', {
    ...fileLimits(view.maxConnections, brokerFileDescriptors(view)),
    balancer: false,
  });
}

/** EMQX's own unit gives 1048576; a connection is one descriptor, and its database and logs need some. */
export function brokerFileDescriptors(view: BrokerView): number {
  return view.fileDescriptors ?? Math.max(1_048_576, view.maxConnections + 10_000);
}

/** Never below the kernel's own default of nr_open; file-max is for the whole host, two generations included. */
function fileLimits(maxConnections: number, fileDescriptors: number) {
  const openFiles = Math.max(1_048_576, fileDescriptors);
  return { maxConnections, openFiles, maxFiles: openFiles * 2 };
}
