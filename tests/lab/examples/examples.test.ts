import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EC2 } from '@aws-sdk/client-ec2';
import { utils } from 'ssh2';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { labCredentials } from '../../../lab/engine/environment';
import { Identity } from '../../../proving/identities';
import { onHost } from '../cluster/lab';
import { letBrokersReach } from '../modes/ec2';
import { connected, credentials, platformOutputs, proveRoundTrip, refused, userNamed } from './devices';
import { existingVpc } from './existingVpc';
import { ExampleLab } from './exampleLab';

/** Examples as they stand, each on machines of its own and used as its README says. */
const ec2 = new EC2({ region: 'eu-central-1', ...labCredentials });
let example: ExampleLab | undefined;

async function open(
  name: string,
  settings: Readonly<Record<string, string>> = {},
  folder = join('examples', name),
): Promise<ExampleLab> {
  example = await ExampleLab.open(folder, `mqtt-${name}`, settings);
  return example;
}
afterEach(async () => example?.close());

it('users-and-rules: a collector gets what a thermostat tells of itself, and not what it tells of another', async () => {
  const stack = await open('users-and-rules');
  const { endpoints, caCertificate: ca, users } = await stack.up(platformOutputs);
  await stack.isSettled();
  const as = async (name: string) => connected(endpoints.mqtts, { ca, ...userNamed(users, name) });
  const [collector, thermostat] = await Promise.all([as('collector'), as('thermostat-1')]);
  const topics: string[] = [];
  collector.on('message', (topic) => topics.push(topic));
  await collector.subscribeAsync('sensors/#', { qos: 1 });
  await thermostat.publishAsync('sensors/thermostat-2/state', 'false', { qos: 1 });
  await thermostat.publishAsync('sensors/thermostat-1/state', 'true', { qos: 1 });
  await expect.poll(() => topics, { timeout: 10_000 }).toContain('sensors/thermostat-1/state');
  expect(topics).toEqual(['sensors/thermostat-1/state']);
  await refused(endpoints.mqtts, { ca, username: 'collector', password: 'wrong' });
  await Promise.all([collector.endAsync(), thermostat.endAsync()]);
});

it('mutual-tls: a device comes by its certificate, and not once that is revoked', async () => {
  const authority = await Identity.authority('devices');
  const [thermostat, stolen] = await Promise.all(
    ['thermostat-1', 'thermostat-2'].map((name) => Identity.make(name, { signer: authority })),
  );
  if (thermostat === undefined || stolen === undefined) throw new Error('unreachable: two were made');
  const settings = {
    sshCidr: '203.0.113.1/32',
    deviceCa: authority.pem,
    deviceCrl: await authority.revocationList(),
    deviceSample: thermostat.pem,
  };
  const stack = await open('mutual-tls', settings);
  const shape = platformOutputs.omit({ users: true });
  const { endpoints, caCertificate: ca } = await stack.up(shape);
  const by = (device: Identity) => ({ ca, cert: device.pem, key: device.key, clientId: 'device' });
  for (const [name, device] of [
    ['thermostat-1', thermostat],
    ['thermostat-2', stolen],
  ] as const) {
    const client = await connected(endpoints.mqtts, by(device));
    await proveRoundTrip(client, `devices/${name}/state`);
    await client.endAsync();
  }
  await refused(endpoints.mqtts, { ca });
  stack.configure({ ...settings, deviceCrl: await authority.revocationList({ revoked: [stolen] }) });
  await stack.up(shape);
  await refused(endpoints.mqtts, by(stolen));
  const client = await connected(endpoints.mqtts, by(thermostat));
  await proveRoundTrip(client, 'devices/thermostat-1/state');
  await client.endAsync();
});

it('private-route: a client in the VPC is served at the address that no interface has', async () => {
  const stack = await open('private-route');
  const shape = z.object({ endpoints: z.object({ mqtt: z.string() }), users: z.array(credentials) });
  const { endpoints, users } = await stack.up(shape);
  await stack.isSettled();
  expect(endpoints.mqtt).toBe('mqtt://10.255.0.1:1883');
  await letBrokersReach('10.255.0.1', 1883);
  const probe = readFileSync(join(__dirname, '..', 'modes', 'probe.py'), 'utf8');
  const { username, password } = userNamed(users, 'sensor');
  await onHost('emqx-1', 'python3', '-c', probe, '10.255.0.1', '1883', '30', username, password);
});

it('active-active: both platforms serve, each from the balancer of another zone', async () => {
  const stack = await open('active-active');
  const outputs = await stack.up(
    z.object({
      endpoints: z.tuple([z.string(), z.string()]),
      caCertificates: z.string(),
      users: z.tuple([z.array(credentials), z.array(credentials)]),
    }),
  );
  await stack.isSettled();
  for (const [index, address] of outputs.endpoints.entries()) {
    const options = { ca: outputs.caCertificates, ...userNamed(outputs.users[index] ?? [], 'device') };
    const client = await connected(`mqtts://${address}:8883`, options);
    await proveRoundTrip(client, 'device/state');
    await client.endAsync();
  }
  const holders = () => Promise.all(outputs.endpoints.map(holderOf));
  await expect
    .poll(async () => (await holders()).map(({ name }) => name), { timeout: 60_000 })
    .toEqual(['blue-haproxy-1', 'green-haproxy-2']);
  expect(new Set((await holders()).map(({ zone }) => zone)).size).toBe(2);
});

it('parts: five components of which each was made alone serve together', async () => {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 3072,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const stack = await open('parts', { keyName: 'mqtt' });
  // The stack has to be there before it can be told a secret, and the region before it can be told a key.
  await stack.run('pulumi', '--', 'stack', 'init', 'lab');
  const secret = ['config', 'set', '--secret', '--stack', 'lab', 'loginKey'];
  await stack.run('pulumi', '--', ...secret, '--', privateKey);
  await stack.run('preview');
  await ec2.importKeyPair({ KeyName: 'mqtt', PublicKeyMaterial: Buffer.from(publicLine(privateKey)) });
  const { endpoints, caCertificate: ca, users } = await stack.up(platformOutputs);
  await stack.isSettled();
  const client = await connected(endpoints.mqtts, { ca, ...userNamed(users, 'device') });
  await proveRoundTrip(client, 'device/state');
  await client.endAsync();
});

it('existing-vpc: a platform serves from subnets that another component made', async () => {
  const stack = await open('existing-vpc', {}, existingVpc());
  const { endpoints, caCertificate: ca, users } = await stack.up(platformOutputs);
  await stack.isSettled();
  const client = await connected(endpoints.mqtts, { ca, ...userNamed(users, 'device') });
  await proveRoundTrip(client, 'device/state');
  await client.endAsync();
});

/** As EC2 takes a key of one's own. */
function publicLine(privateKey: string): string {
  const parsed = utils.parseKey(privateKey);
  if (parsed instanceof Error) throw parsed;
  return `ssh-rsa ${parsed.getPublicSSH().toString('base64')}`;
}

/** Which host has an address, as EC2 sees it, and in which zone. */
async function holderOf(address: string): Promise<{ readonly name: string; readonly zone: string }> {
  const { Addresses = [] } = await ec2.describeAddresses({ PublicIps: [address] });
  const NetworkInterfaceIds = Addresses.flatMap(({ NetworkInterfaceId }) => NetworkInterfaceId ?? []);
  expect(NetworkInterfaceIds).toHaveLength(1);
  const { NetworkInterfaces = [] } = await ec2.describeNetworkInterfaces({ NetworkInterfaceIds });
  const SubnetIds = NetworkInterfaces.flatMap(({ SubnetId }) => SubnetId ?? []);
  const { Subnets = [] } = await ec2.describeSubnets({ SubnetIds });
  const name = NetworkInterfaces[0]?.TagSet?.find(({ Key }) => Key === 'Name')?.Value ?? '';
  return { name, zone: Subnets[0]?.AvailabilityZone ?? '' };
}
