import type { Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BalancerView } from '../../components/balancers/view';
import { buildRecorder } from '../../proving/recorder/build';
import { brokerAddresses } from '../../proving/stage/brokers';
import { connectMqtt, connectPacket, inParallel, openTcp } from '../../proving/stage/clients';
import { eventually } from '../../proving/stage/eventually';
import { listeners, Stage, systems } from '../../proving/stage/stage';

const sourcePorts = 100;
const clients = 200;
const furtherBrokerPorts = { first: 20_001, count: 2 };

describe.each(systems)('more clients than source ports, on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  const folder = mkdtempSync(join(tmpdir(), 'dataplane-'));
  const viewWith = (changes: Parameters<typeof listeners>[0]): Partial<BalancerView> => ({
    listeners: listeners(changes),
    brokers: [{ name: 'emqx-1', address: brokerAddresses[0], id: 1, weight: 100 }],
    limits: {
      maxConnections: 9_500,
      fileDescriptors: 20_000,
      localPortRange: [40_000, 40_000 + sourcePorts - 1],
      reservedPorts: [8888, 10_000],
    },
  });

  beforeAll(async () => {
    stage = await Stage.start(system, () => viewWith({}));
    const { machine } = stage.brokers.named('emqx-1');
    const recorder = await buildRecorder(folder);
    for (let index = 0; index < furtherBrokerPorts.count; index += 1)
      machine.start(['python3', recorder, '--port', String(furtherBrokerPorts.first + index)]);
    await stage.balancer().machine.run(['python3', '-c', applySettings]);
  });
  afterAll(async () => {
    await stage.stop();
    rmSync(folder, { recursive: true });
  });

  it('one broker port carries as many as there are source ports', async () => {
    const served = await connectAll();
    expect(served.length).toBeLessThanOrEqual(sourcePorts);
    expect(served.length).toBeGreaterThan(sourcePorts / 2);
    await endAll(served);
  });

  it('further broker ports carry all of them, those that have just left too', async () => {
    await stage.change(() => viewWith({ mqtt: { furtherBrokerPorts } }));
    await eventually(
      async () => {
        const served = await connectAll();
        await endAll(served);
        expect(served).toHaveLength(clients);
      },
      // The kernel gives the port of a closed connection away when that is more than a second old.
      { timeoutMs: 15_000, intervalMs: 2_500 },
    );
  });

  async function connectAll(): Promise<Socket[]> {
    const outcomes = await inParallel([...Array(clients).keys()], 20, async (index) => {
      const socket = await openTcp(stage.target('mqtt'));
      return connectMqtt(socket, connectPacket(`client-${index}`)).then(
        () => [socket],
        () => [],
      );
    });
    return outcomes.flat();
  }

  async function endAll(sockets: readonly Socket[]): Promise<void> {
    for (const socket of sockets) socket.destroy();
    await eventually(async () => {
      expect(await stage.balancer().ask('show stat')).toMatch(/^brokers_mqtt,emqx-1,0,0,0,/m);
    });
  }
});

/** The rendered settings, but for those that are not the namespace's own. */
const applySettings = `
from pathlib import Path
for line in Path("/etc/sysctl.d/60-emqx-haproxy.conf").read_text().splitlines():
    if line.startswith("net.ipv4."):
        key, _, value = line.partition(" = ")
        Path("/proc/sys", key.replace(".", "/")).write_text(value)
`;
