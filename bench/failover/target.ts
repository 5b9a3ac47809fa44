import { DescribeAddressesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { outputIn } from '../../lab/commands/machines';
import { outputsJson } from '../../lab/commands/outputs';
import { stackRegion } from '../../lab/commands/pulumi';
import { labCredentials } from '../../lab/engine/environment';
import { parseOutputs, readOutputs, type Outputs } from '../../verify/outputs';
import { quote, Ssh } from '../../verify/ssh';

/** A running stack that can be broken: the lab's, or a real one. */
export interface Target {
  readonly kind: 'lab' | 'stack';
  /** Of the listener that clients use. */
  readonly host: string;
  readonly port: number;
  readonly balancers: readonly string[];
  /** What a shell with root's rights prints on a balancer. */
  shell(balancer: string, script: string): Promise<string>;
  /** The balancer that EC2 sends the VIP to. */
  holder(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** The lab's stack, entered from outside, so that a fault costs no login. */
export async function labTarget(): Promise<Target> {
  const outputs = parseOutputs(await outputsJson());
  const client = new EC2Client({ region: stackRegion(), ...labCredentials });
  return {
    kind: 'lab',
    ...common(outputs, client),
    shell: (balancer, script) => outputIn(balancer, ['sh', '-c', script]),
    close: async () => {
      client.destroy();
      await Promise.resolve();
    },
  };
}

/** A stack that Pulumi knows, over SSH and with the credentials and region of this environment. */
export async function stackTarget(stack: string): Promise<Target> {
  const outputs = await readOutputs(stack);
  const client = new EC2Client({});
  const ssh = new Ssh(outputs.ssh);
  return {
    kind: 'stack',
    ...common(outputs, client),
    shell: (balancer, script) => ssh.run(balancer, `sudo sh -c ${quote(script)}`),
    close: async () => {
      client.destroy();
      await ssh.close();
    },
  };
}

function common(outputs: Outputs, client: EC2Client) {
  const url = new URL(outputs.endpoints['mqtt'] ?? 'missing:');
  if (url.protocol !== 'mqtt:') {
    throw new Error('the stack has no mqtt listener; the failover benchmark measures that one: turn it on');
  }
  const holder = async () => {
    const answer = await client.send(new DescribeAddressesCommand({ PublicIps: [outputs.endpoint] }));
    const instance = answer.Addresses?.[0]?.InstanceId;
    return outputs.balancers.find(({ instanceId }) => instanceId === instance)?.name;
  };
  return {
    host: url.hostname,
    port: Number(url.port),
    balancers: outputs.balancers.map(({ name }) => name),
    holder,
  };
}
