import { setTimeout as pause } from 'node:timers/promises';
import type { MachineNetwork } from './machineNetwork';

const timeoutMs = 60_000;
const askIntervalMs = 10;

/** Waits for a condition that nothing announces. */
export async function waitFor(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s in vain for ${what}`);
    await pause(askIntervalMs);
  }
}

const probe = `
import socket, sys
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 1) as peer:
        peer.settimeout(1)
        print('answered' if peer.recv(1) else 'closed')
except (TimeoutError, socket.timeout):
    print('silent')
except ConnectionError:
    print('refused')
except OSError as error:
    print('silent' if error.errno == 113 else error)
`;

/** What a neighbour gets from a port whose service speaks first, within a second. */
export async function connectFrom(network: MachineNetwork, address: string, port: number): Promise<string> {
  return (await network.asNeighbour('python3', '-c', probe, address, String(port))).trim();
}
