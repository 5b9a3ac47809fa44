import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { run } from '../../../lab/process';

/** A network for machines alone: a switch with a package repository and a resolver, and no way out. */
export interface MachineNetwork {
  readonly resolver: string;
  /** A namespace as the fabric makes one: ens5 with an address and a default route. Its name and its address. */
  addHost(name: string): Promise<{ readonly namespace: string; readonly address: string }>;
  /** Runs a program in the switch's namespace, a neighbour of all hosts. */
  asNeighbour(...argv: string[]): Promise<string>;
  remove(): Promise<void>;
}

/** Makes the network; `prefix` begins the names of its namespaces, `packages` has a folder per host name. */
export async function makeMachineNetwork(prefix: string, packages: string): Promise<MachineNetwork> {
  const hub = `${prefix}-hub`;
  const resolver = '10.213.0.1';
  const namespaces = [hub];
  await run('sh', ['-e'], { input: hubScript(hub, resolver) });
  const server = await startServer(hub, resolver, packages);
  return {
    resolver,
    addHost: async (name) => {
      const address = `10.213.0.${namespaces.length + 9}`;
      const namespace = `${prefix}-${name}`;
      namespaces.push(namespace);
      await run('sh', ['-e'], {
        input: hostScript(hub, namespace, `port${namespaces.length}`, address, resolver),
      });
      return { namespace, address };
    },
    asNeighbour: (...argv) => run('nsenter', [`--net=/run/netns/${hub}`, ...argv]),
    remove: async () => {
      server.kill('SIGKILL');
      await Promise.all(namespaces.map((namespace) => run('ip', ['netns', 'delete', namespace])));
    },
  };
}

function hubScript(hub: string, resolver: string): string {
  return `
ip netns delete ${hub} 2>/dev/null || true
ip netns add ${hub}
ip -n ${hub} link set lo up
ip -n ${hub} link add switch type bridge
ip -n ${hub} address add ${resolver}/24 dev switch
ip -n ${hub} link set switch up
`;
}

function hostScript(hub: string, namespace: string, port: string, address: string, gateway: string): string {
  return `
ip netns delete ${namespace} 2>/dev/null || true
ip netns add ${namespace}
ip -n ${hub} link add ${port} type veth peer name ens5 netns ${namespace}
ip -n ${hub} link set ${port} master switch up
ip -n ${namespace} address add ${address}/24 dev ens5
ip -n ${namespace} link set ens5 up
ip -n ${namespace} route add default via ${gateway}
`;
}

async function startServer(hub: string, resolver: string, packages: string): Promise<ChildProcess> {
  const program = [
    process.execPath,
    '--import',
    'tsx',
    join(__dirname, 'packageServer.ts'),
    resolver,
    packages,
  ];
  const server = spawn('nsenter', [`--net=/run/netns/${hub}`, ...program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(server.stdout, 'data');
  return server;
}
