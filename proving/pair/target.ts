import { EC2Client } from '@aws-sdk/client-ec2';
import { readFile } from 'node:fs/promises';
import { outputIn } from '../../lab/commands/machines';
import { outputsJson } from '../../lab/commands/outputs';
import { labCredentials } from '../../lab/engine/environment';
import { paths } from '../../lab/paths';
import { parseOutputs, readOutputs, type Outputs } from '../../verify/outputs';
import { quote, Ssh } from '../../verify/ssh';
import { product } from '../product';
import { enterBroker, type Prefix } from './labClients';
import { claimActions, holdingInstance, parseVirtualIp, type Mode } from './virtualIp';

/** A running stack that can be broken: the lab's, or a real one. */
export interface Target {
  readonly kind: 'lab' | 'stack';
  readonly mode: Mode;
  /** Of the listener that clients use. */
  readonly host: string;
  readonly port: number;
  /** Whom clients come as; undefined where the stack's outputs name nobody. */
  readonly user: Outputs['users'][number] | undefined;
  readonly balancers: readonly string[];
  /** Put before a command line, it runs where the clients are. */
  readonly enterClients: Prefix;
  /** What a shell with root's rights prints on a balancer. */
  shell(balancer: string, script: string): Promise<string>;
  /** The balancer that EC2 sends the VIP to. */
  holder(): Promise<string | undefined>;
  /** How long EC2 worked on claims that it answered between two moments; where it can be asked. */
  apiTookMs?(from: number, to: number): Promise<number | undefined>;
  close(): Promise<void>;
}

const fromHere: Prefix = ['env'];

/** The lab's stack, entered from outside, so that a fault costs no login. */
export async function labTarget(): Promise<Target> {
  const outputs = parseOutputs(await outputsJson(product()));
  const client = new EC2Client({ region: product().region, ...labCredentials });
  const shell = (balancer: string, script: string) => outputIn(balancer, ['sh', '-c', script]);
  const basics = await common(outputs, client, shell);
  const [broker] = outputs.brokers;
  const isInside = basics.mode !== 'elasticIp' && broker !== undefined;
  return {
    kind: 'lab',
    ...basics,
    enterClients: isInside ? await enterBroker(client, broker.name, basics.host, basics.port) : fromHere,
    shell,
    apiTookMs: (from, to) => apiTookMs(claimActions[basics.mode], from, to),
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
  const logins = new Map<string, Ssh>();
  const shell = async (balancer: string, script: string) => {
    const login = logins.get(balancer) ?? new Ssh(outputs.ssh);
    logins.set(balancer, login);
    try {
      return await login.run(balancer, `sudo sh -c ${quote(script)}`);
    } catch (error) {
      // The connection may have died with the host: the next command opens another.
      logins.delete(balancer);
      await login.close();
      throw error;
    }
  };
  return {
    kind: 'stack',
    ...(await common(outputs, client, shell)),
    enterClients: fromHere,
    shell,
    close: async () => {
      client.destroy();
      await Promise.all([...logins.values()].map((login) => login.close()));
    },
  };
}

async function common(outputs: Outputs, client: EC2Client, shell: Target['shell']) {
  const url = new URL(outputs.endpoints['mqtt'] ?? 'missing:');
  if (url.protocol !== 'mqtt:') {
    throw new Error('the stack has no mqtt listener; the failover benchmark measures that one: turn it on');
  }
  const [first] = outputs.balancers;
  const virtualIp = parseVirtualIp(await shell(first?.name ?? '', 'cat /etc/emqx-haproxy/aws.json'));
  const holder = async () => {
    const instance = await holdingInstance(client, virtualIp);
    return outputs.balancers.find(({ instanceId }) => instanceId === instance)?.name;
  };
  return {
    mode: virtualIp.mode,
    host: url.hostname,
    port: Number(url.port),
    user: outputs.users[0],
    balancers: outputs.balancers.map(({ name }) => name),
    holder,
  };
}

/** From the lab's own log of the API: `TIME CALLER ec2:ACTION 1.2 ms STATUS`, a line when it has answered. */
async function apiTookMs(action: string, from: number, to: number): Promise<number | undefined> {
  const log = await readFile(paths.daemonLog, 'utf8');
  const took = log.split('\n').flatMap((line) => {
    const [, at = '', name, milliseconds] = /^(\S+) \S+ ec2:(\w+) ([\d.]+) ms 200$/.exec(line) ?? [];
    const isMeant = name === action && Date.parse(at) >= from && Date.parse(at) <= to + logSlackMs;
    return isMeant ? [Number(milliseconds)] : [];
  });
  return took.length === 0 ? undefined : took.reduce((sum, each) => sum + each, 0);
}

/** The answer may be read before the line is written. */
const logSlackMs = 20;
