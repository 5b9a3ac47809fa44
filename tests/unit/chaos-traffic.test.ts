import { generate, parser } from 'mqtt-packet';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it, vi } from 'vitest';
import { Traffic } from '../../proving/chaos/traffic';

/** A broker that keeps sessions, and forgets what they had subscribed to. */
function forgetful() {
  const sessions = new Map<string, Socket>();
  const subscribed: string[] = [];
  const server = createServer((socket) => {
    const reader = parser();
    let name = '';
    reader.on('packet', (packet) => {
      if (packet.cmd === 'connect') {
        name = packet.clientId;
        const sessionPresent = sessions.has(name);
        sessions.set(name, socket);
        socket.write(generate({ cmd: 'connack', returnCode: 0, sessionPresent }));
      } else if (packet.cmd === 'subscribe') {
        subscribed.push(name);
        socket.write(generate({ cmd: 'suback', messageId: packet.messageId ?? 0, granted: [1] }));
      }
    });
    socket.on('data', (data) => reader.parse(data));
    socket.on('error', () => undefined);
  });
  return { server, sessions, subscribed };
}

it("a subscriber of chaos subscribes at each connection, whatever is left of its session's own", async () => {
  const { server, sessions, subscribed } = forgetful();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const traffic = await Traffic.begin({ host: '127.0.0.1', port, user: undefined }, 1);
  expect(subscribed).toEqual(['chaos-subscriber-1']);
  sessions.get('chaos-subscriber-1')?.destroy();
  await vi.waitUntil(() => subscribed.length === 2, 10_000);
  await traffic.end();
  await new Promise((done) => server.close(done));
});
