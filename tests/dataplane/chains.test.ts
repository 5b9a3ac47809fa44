import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkClientTrust } from '../../components/certificates/clientTrust';
import { Problems } from '../../components/rendering/problems';
import { type ChainCase, chainCases, type ChainClient } from '../../proving/chains';
import { connectMqtt, connectPacket } from '../../proving/stage/clients';
import { listeners, Stage, systems } from '../../proving/stage/stage';

describe.each(systems)("what is judged of clients' CAs is what HAProxy $haproxyVersion does", (system) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start(system, () => ({ listeners: listeners() }));
  });
  afterAll(() => stage.stop());

  it.each(Object.keys(chainCases))('%s', async (name) => {
    const given = await (chainCases[name] ?? (() => Promise.reject(new Error(name))))();
    await stage.change(() => ({ listeners: listeners({ mqtts: { clientCertificates: mutual(given) } }) }));
    const served = await Promise.all(
      given.clientsOf.map(async (clients) => Promise.all(clients.map((client) => isServed(client)))),
    );
    expect(given.clientsOf.map((clients) => clients.map((client) => isTaken(given, client)))).toEqual(served);
    // Whoever comes by a CA that is given must have a chance.
    expect(problemsOf(given).length === 0).toBe(served.every((clients) => clients.includes(true)));
  });

  async function isServed({ identity, sends }: ChainClient): Promise<boolean> {
    const socket = connectTls({
      ...stage.target('mqtts'),
      ...{ servername: 'localhost', ca: stage.certificates.ca, key: identity.key },
      cert: [identity, ...sends].map(({ pem }) => pem).join(''),
      // What a weak chain of ours would be refused for on our side.
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    socket.on('error', () => undefined);
    try {
      await connectMqtt(socket, connectPacket(`client-${Math.random()}`));
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }
});

function mutual({ ca, crl, keepsEndedLists = false }: ChainCase) {
  return {
    verify: 'required',
    identity: 'none',
    ca,
    keepsEndedLists,
    ...(crl === undefined ? {} : { crl }),
  } as const;
}

function problemsOf(given: ChainCase, samples: readonly string[] = []): readonly string[] {
  const problems = new Problems();
  checkClientTrust({ ...given, samples }, 'clients', problems);
  return problems.all.map(({ path, reason }) => `${path}: ${reason}`);
}

function isTaken(given: ChainCase, { identity, sends }: ChainClient): boolean {
  const sample = [identity, ...sends].map(({ pem }) => pem).join('');
  return !problemsOf(given, [sample]).some((problem) => problem.startsWith('clients.samples[0]'));
}
