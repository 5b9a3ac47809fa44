import { networkInterfaces } from 'node:os';
import { run } from '../../lab/process';
import { Machine } from './machine';

/** Where the test itself is; clients leave from here or from one of `clientAddresses`. */
export const testAddress = '192.0.2.1';
export const clientAddresses = Array.from({ length: 20 }, (_, index) => `192.0.2.${101 + index}`);

const port = 'dataplane0';

/**
 * A switch in a namespace of its own, with one port in the network of the test, which must be a namespace too: the
 * range could be in use on this host, and a test's traffic must not leave.
 */
export async function startNetwork(): Promise<Machine> {
  const others = Object.keys(networkInterfaces()).filter((name) => name !== 'lo');
  if (others.length > 0) {
    throw new Error(
      `the data plane's tests need a network of their own, and this one has ${others.join(', ')};` +
        ' run them by `unshare --net`, as `npm test -- dataplane` does',
    );
  }
  const network = await Machine.start();
  await network.run(['sh', '-c', 'ip link add br0 type bridge && ip link set br0 up']);
  await run('ip', [
    'link',
    'add',
    port,
    'type',
    'veth',
    'peer',
    'name',
    'test',
    'netns',
    String(network.pid),
  ]);
  await network.run(['ip', 'link', 'set', 'test', 'master', 'br0', 'up']);
  const addresses = [testAddress, ...clientAddresses].map(
    (address) => `address add ${address}/24 dev ${port}`,
  );
  await run('ip', ['-batch', '-'], {
    input: ['link set lo up', ...addresses, `link set ${port} up`, ''].join('\n'),
  });
  return network;
}

/** A namespace that ends takes its ports with it some time later; the next switch wants the name at once. */
export async function stopNetwork(network: Machine): Promise<void> {
  await run('ip', ['link', 'delete', port]);
  await network.stop();
}
