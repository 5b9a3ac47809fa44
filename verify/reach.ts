import type { BalancerState } from './balancers';
import { program } from './program';
import { type Finding, type Survey, Warning } from './checks';
import type { Hosts } from './hosts';
import { type Dial, connectOnce } from './mqttClients';
import type { Outputs } from './outputs';
import { quote } from './ssh';
import { openTunnel } from './tunnels';

type States = ReadonlyMap<string, BalancerState>;
type Endpoints = Readonly<Record<string, Dial>>;

/** What one connection is to prove; `way` is told when it does not come about. */
interface Attempt {
  readonly way: string;
  readonly remedy: string;
  readonly clientId: string;
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly dial: Dial;
  readonly preamble?: Buffer;
  /** By TLS with what only the host has: it makes the connection itself, the PROXY header included. */
  readonly encrypted?: true;
}

/** Whether every balancer serves clients at its own address, where those that it takes over will come. */
export function surveyBalancersServe(
  outputs: Outputs,
  endpoints: Endpoints,
  hosts: Hosts,
  states: States,
  run: string,
): Promise<Survey> {
  const attempts = outputs.balancers.flatMap(({ name, privateIp }): Attempt[] => {
    const listeners = states.get(name)?.condition.listeners;
    return Object.entries(endpoints).flatMap(([listener, dial]) => {
      const state =
        listeners !== undefined && 'told' in listeners
          ? listeners.told.find((each) => each.name === listener)
          : undefined;
      // A connection comes from the balancer itself, whom a limited listener need not let in.
      if (state === undefined || state.limited || dial.unknown !== undefined) return [];
      const { hostname, port } = new URL(dial.url);
      return {
        ...{
          host: name,
          address: privateIp,
          port: Number(port),
          dial: { ...dial, certificateHost: hostname },
        },
        way: `${name} serves no client of ${listener} at ${privateIp}`,
        remedy: 'look at `journalctl -u haproxy` on it',
        clientId: `vfy-${run}-at-${name}-${listener}`,
      };
    });
  });
  return tried(attempts, hosts, 'client');
}

/** Whether every broker takes clients from every balancer, however few the balancers would send there now. */
export function surveyBrokersServe(
  outputs: Outputs,
  endpoints: Endpoints,
  hosts: Hosts,
  states: States,
  run: string,
): Promise<Survey> {
  const attempts = [...states].flatMap(
    ([
      balancer,
      {
        condition: { brokers },
      },
    ]): Attempt[] => {
      if (!('told' in brokers)) return [];
      return brokers.told.flatMap(({ listener, name, address, proxied, encrypted }) => {
        const dial = endpoints[listener];
        // Who a client is would come from the balancer, by its certificate.
        if (
          dial === undefined ||
          dial.unknown !== undefined ||
          outputs.access.listeners[listener] === 'certificate'
        )
          return [];
        const colon = address.lastIndexOf(':');
        return {
          ...{ host: balancer, address: address.slice(0, colon), port: Number(address.slice(colon + 1)) },
          way: `${name} takes no client of ${listener} from ${balancer}`,
          remedy: `look at \`journalctl -u emqx\` on ${name}, and at the brokers' security group`,
          clientId: `vfy-${run}-${listener}-${balancer}-${name}`,
          dial: { ...dial, url: dial.url.replace(/^(mqtt|ws)s:/, '$1:') },
          ...(encrypted ? { encrypted } : proxied ? { preamble: proxyHeader } : {}),
        };
      });
    },
  );
  return tried(attempts, hosts, 'way');
}

async function tried(attempts: readonly Attempt[], hosts: Hosts, noun: string): Promise<Survey> {
  if (attempts.length === 0)
    throw new Warning(
      'not checked: no listener lets a client from the balancers in, of those that can be had here',
    );
  const findings = await Promise.all(attempts.map((attempt) => made(attempt, hosts)));
  return {
    findings: findings.filter((finding) => finding !== undefined),
    proved: `${attempts.length} ${noun}s tried`,
  };
}

async function made(attempt: Attempt, { ssh }: Hosts): Promise<Finding | undefined> {
  const { host, address, port, preamble, dial, encrypted } = attempt;
  const tunnel = await openTunnel(
    () =>
      encrypted
        ? ssh.start(host, `${program('balancer.to_broker')} ${quote(address)} ${port}`)
        : ssh.forward(host, address, port),
    preamble,
  );
  try {
    const { protocol, pathname } = new URL(dial.url);
    const url = `${protocol}//127.0.0.1:${tunnel.port}${pathname}`;
    const client = await connectOnce({ ...dial, url }, 4, attempt.clientId);
    await client.endAsync(true);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { verdict: 'fail', text: `${attempt.way} (${why}); ${attempt.remedy}` };
  } finally {
    await tunnel.close();
  }
}

/** PROXY protocol, version 2, of a client at 127.0.0.1: who it is really does not matter to a CONNECT. */
const proxyHeader = Buffer.concat([
  Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'),
  Buffer.from([0x21, 0x11, 0, 12, 127, 0, 0, 1, 127, 0, 0, 1, 0x40, 0, 0x07, 0x5b]),
]);
