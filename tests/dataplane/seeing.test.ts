import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statsPassword } from '../../proving/stage/balancer';
import { connectMqtt, connectPacket, openTcp } from '../../proving/stage/clients';
import { eventually } from '../../proving/stage/eventually';
import { listeners, Stage, systems } from '../../proving/stage/stage';

const rateLimit = { connectionsPerSource: 5, periodSeconds: 10, sparedCidrs: ['192.0.2.110/32'] };

describe.each(systems)('what operators see, and limits per source, on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start(system, () => ({ listeners: listeners({ mqtt: { rateLimit } }) }));
  });
  afterAll(() => stage.stop());

  it.each(['/stats', '/metrics'])('%s needs the password', async (path) => {
    const url = `http://${stage.balancer().address}:8888${path}`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, basic('wrong'))).status).toBe(401);
    const answer = await fetch(url, basic(statsPassword));
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('brokers_mqtt');
  });

  it('the statistics page is on the private address only, where clients are served on any', async () => {
    const publicSide = '192.0.2.30';
    await stage.balancer().machine.run(['ip', 'address', 'add', `${publicSide}/24`, 'dev', 'eth0']);
    const target = { ...stage.target('mqtt'), host: publicSide, localAddress: '192.0.2.113' };
    await connectMqtt(await openTcp(target), connectPacket('from outside'));
    await expect(openTcp({ host: publicSide, port: 8888 })).rejects.toThrow('ECONNREFUSED');
  });

  it('metrics count the sessions of each broker', async () => {
    const sessions = async () => {
      const answer = await fetch(`http://${stage.balancer().address}:8888/metrics`, basic(statsPassword));
      const counts = [
        ...(await answer.text()).matchAll(
          /^haproxy_server_sessions_total\{proxy="brokers_mqtt".*\} (\d+)$/gm,
        ),
      ];
      return counts.reduce((sum, [, count]) => sum + Number(count), 0);
    };
    const before = await sessions();
    await connectMqtt(
      await openTcp({ ...stage.target('mqtt'), localAddress: '192.0.2.111' }),
      connectPacket('counted'),
    );
    expect(await sessions()).toBe(before + 1);
  });

  it('a session leaves one JSON line with client id, broker and why it ended, whatever the id is', async () => {
    const id = 'quote " newline \n';
    const socket = await openTcp({ ...stage.target('mqtt'), localAddress: '192.0.2.112' });
    await connectMqtt(socket, connectPacket(id));
    socket.destroy();
    await eventually(() => {
      const lines = stage
        .balancer()
        .log.filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as { id?: string });
      const [session] = lines.filter((line) => line.id === id);
      expect(session).toMatchObject({
        listener: 'mqtt',
        broker: expect.stringMatching(/^emqx-/) as string,
        end: '--',
      });
    });
  });

  it('one source beyond its rate is refused, others and spared ranges are not', async () => {
    const from = async (localAddress: string) =>
      connectMqtt(await openTcp({ ...stage.target('mqtt'), localAddress }), connectPacket('limited'));
    for (let made = 0; made < rateLimit.connectionsPerSource; made += 1) await from('192.0.2.101');
    await expect(from('192.0.2.101')).rejects.toThrow();
    await from('192.0.2.102');
    for (let made = 0; made < rateLimit.connectionsPerSource * 2; made += 1) await from('192.0.2.110');
  });
});

function basic(password: string): RequestInit {
  return { headers: { authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}` } };
}
