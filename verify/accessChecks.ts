import { randomBytes } from 'node:crypto';
import type { MqttClient } from 'mqtt';
import { z } from 'zod';
import { type Result, Unexpected, Warning, check, eventually } from './checks';
import { type Dial, type ProtocolVersion, connectOnce, protocolNames, settled } from './mqttClients';
import type { Outputs } from './outputs';
import { forbiddenTopic } from './permissions';

const versions: readonly ProtocolVersion[] = [4, 5];
const limitMs = 10_000;
const answerMs = 5_000;

/** What CONNACK says to who is refused for the name or the password, by the protocol's version. */
const refusals: Readonly<Record<ProtocolVersion, readonly number[]>> = { 4: [4, 5], 5: [134, 135] };

/** Nobody gets in who was not named, for each listener by its own chain, and who was does no more than it may. */
export function checkAccess(
  endpoints: Readonly<Record<string, Dial>>,
  { access, users }: Pick<Outputs, 'access' | 'users'>,
): Promise<Result>[] {
  const run = randomBytes(3).toString('hex');
  return Object.entries(endpoints).flatMap(([name, dial]) => [
    ...(access.listeners[name] === 'chain'
      ? versions.map((version) =>
          check(`${name} over ${protocolNames[version]}: strangers are turned away`, () =>
            refusesStrangers(dial, version, `${run}-${name}`),
          ),
        )
      : []),
    ...(access.listeners[name] === 'chain' && !asksUsers(access, name) && users[0] !== undefined
      ? [otherListenersUser(name, dial, access, users[0], `${run}-${name}`)]
      : []),
    check(`${name}: a client may no more than its rules say`, () =>
      // Listeners are looked at side by side, and one client id is one session.
      refusesMore(dial, access, `${run}-${name}`),
    ),
  ]);
}

function asksUsers({ asks }: Outputs['access'], listener: string): boolean {
  return asks[listener]?.includes('users') ?? false;
}

/** Who is known to the brokers' chain only: where a listener's own is not in force, that one lets them in. */
function otherListenersUser(
  name: string,
  { url, ca, clientCertificate }: Dial,
  { asks }: Outputs['access'],
  { username, password }: Outputs['users'][number],
  run: string,
): Promise<Result> {
  const asked = (asks[name] ?? []).join(', ');
  return check(`${name}: users of other listeners are turned away`, async () => {
    const code = await eventually(limitMs, 200, () =>
      refusalOf(
        { url, ca, ...(clientCertificate === undefined ? {} : { clientCertificate }), username, password },
        5,
        `vfy-${run}-other`,
      ),
    );
    if (code === undefined && asked !== 'jwt')
      throw new Warning(
        `the user ${username} was let in; unless that is known with the same password where this listener asks (${asked}), its chain is not in force`,
      );
    if (code === undefined)
      throw new Unexpected(`the user ${username} to be refused, who has no token`, 'it was let in');
    return `${username}: CONNACK ${code}, asked by ${asked}`;
  });
}

async function refusesStrangers(dial: Dial, version: ProtocolVersion, run: string): Promise<string> {
  const wrong = randomBytes(12).toString('hex');
  const { url, ca, clientCertificate } = dial;
  const bare: Dial = { url, ca, ...(clientCertificate === undefined ? {} : { clientCertificate }) };
  const strangers: Record<string, Pick<Dial, 'username' | 'password'>> = {
    'without a name': {},
    'with an unknown name': { username: `verify-${run}`, password: wrong },
    ...(dial.username === undefined
      ? {}
      : { 'with a wrong password': { username: dial.username, password: wrong } }),
  };
  const told = await Promise.all(
    Object.entries(strangers).map(async ([who, name]) => {
      const claimed = { ...bare, ...name };
      const code = await eventually(limitMs, 200, () =>
        refusalOf(claimed, version, `vfy-${run}-${who.replaceAll(' ', '-')}-${version}`),
      );
      if (code === undefined || !refusals[version].includes(code))
        throw new Unexpected(
          `a client ${who} to be refused with CONNACK ${refusals[version].join(' or ')}`,
          code === undefined ? 'it was let in' : `CONNACK ${code}`,
        );
      return `${who} ${code}`;
    }),
  );
  return `CONNACK: ${told.join(', ')}`;
}

/** The code of a CONNACK that refuses; undefined when the client was let in. Anything else is thrown. */
async function refusalOf(
  dial: Dial,
  version: ProtocolVersion,
  clientId: string,
): Promise<number | undefined> {
  try {
    const client = await connectOnce(dial, version, clientId);
    await client.endAsync(true);
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'number') return error.code;
    throw error;
  }
}

async function refusesMore(dial: Dial, access: Outputs['access'], run: string): Promise<string> {
  const topic = forbiddenTopic(access, { username: dial.provenName }, run);
  if (topic === undefined) return 'it may do everything';
  if (dial.unknown !== undefined) throw new Warning(dial.unknown);
  const [publish, subscribe] = await Promise.all([
    attempt(dial, access, `vfy-${run}-p`, (client) => client.publishAsync(topic, 'no', { qos: 1 })),
    attempt(dial, access, `vfy-${run}-s`, (client) => client.subscribeAsync(topic, { qos: 1 })),
  ]);
  const told = `${topic}: publish ${publish}, subscribe ${subscribe}`;
  if (publish === 'allowed' || subscribe === 'allowed') throw new Unexpected('both to be denied', told);
  return told;
}

/** MQTT 5 says what a broker thinks of a message; an older one would be told that all is well. */
async function attempt(
  dial: Dial,
  access: Outputs['access'],
  clientId: string,
  act: (client: MqttClient) => Promise<unknown>,
): Promise<string> {
  const client = await eventually(limitMs, 200, () => connectOnce(dial, 5, clientId));
  try {
    await settled(client, act(client), answerMs);
    return 'allowed';
  } catch (error) {
    const code = denialOf(error);
    if (code !== undefined) return `denied (${code})`;
    if (access.authorization.denyAction === 'disconnect' && !client.connected) return 'denied (disconnected)';
    throw error;
  } finally {
    await client.endAsync(true);
  }
}

/** The reason code of a PUBACK, or of a SUBACK, which the library's error has whole. */
function denialOf(error: unknown): number | undefined {
  const parsed = denial.safeParse(error);
  return parsed.success ? (parsed.data.code ?? parsed.data.packet?.granted[0]) : undefined;
}

const denial = z.object({
  code: z.number().optional(),
  packet: z.object({ granted: z.array(z.number()) }).optional(),
});
