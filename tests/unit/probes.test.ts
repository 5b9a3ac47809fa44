import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { epochMs, Probes } from '../../proving/pair/probes';

const connack = Buffer.from([0x20, 2, 0, 0]);

describe('probes', () => {
  let server: Server | undefined;
  let probes: Probes | undefined;

  afterEach(() => {
    probes?.stop();
    server?.close();
  });

  /** Answers as long as `serving.now`; else it accepts and stays silent, as a frozen host does. */
  async function begin(serving: { now: boolean }): Promise<Probes> {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => serving.now && socket.write(connack));
    });
    await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
    // A server that listens on a port has an address of this shape.
    const { port } = server.address() as AddressInfo;
    probes = new Probes('127.0.0.1', port);
    probes.start();
    return probes;
  }

  it('count a host that accepts connections and does not answer as no service', async () => {
    const serving = { now: true };
    const begun = await begin(serving);
    await expect.poll(() => begun.isServed(0), { timeout: 3_000 }).toBe(true);
    const from = epochMs();
    serving.now = false;
    await expect.poll(() => epochMs() - from).toBeGreaterThan(400);
    expect(begun.isServed(from)).toBe(false);
    serving.now = true;
    await expect.poll(() => begun.isServed(from), { timeout: 3_000 }).toBe(true);
    const { lengthMs } = begun.longestGap(from, epochMs());
    expect(lengthMs).toBeGreaterThan(350);
    expect(lengthMs).toBeLessThan(1_500);
  });
});
