import { randomBytes } from 'node:crypto';
import { checkBackups } from './backupsCheck';
import { checkBalancers } from './balancerChecks';
import type { Result } from './checks';
import { checkAccess } from './accessChecks';
import { checkDrift } from './driftCheck';
import { checkServers } from './serversCheck';
import { checkEdge } from './edgeChecks';
import { checkHosts } from './hostChecks';
import { reachHosts } from './hosts';
import { type Spread, checkMqtt } from './mqttChecks';
import { credentials } from './credentials';
import type { ClientCertificate, Dial } from './mqttClients';
import type { Outputs } from './outputs';

export interface Verification {
  readonly results: readonly Result[];
  readonly spread: Spread;
  readonly totalMs: number;
}

/** Proves a running stack from its outputs alone. */
export async function verify(outputs: Outputs, clientCertificate?: ClientCertificate): Promise<Verification> {
  const begun = performance.now();
  const run = randomBytes(3).toString('hex');
  const endpoints: Record<string, Dial> = Object.fromEntries(
    Object.entries(outputs.endpoints).map(([name, url]) => [
      name,
      {
        url,
        ca: outputs.caCertificate,
        ...credentials(name, outputs, clientCertificate),
        ...(clientCertificate === undefined ? {} : { clientCertificate }),
      },
    ]),
  );
  const edge = Promise.all(checkEdge(endpoints));
  const { hosts, result: reached } = await reachHosts(outputs);
  try {
    const [mqtt, ofEdge, ofAccess, ofHosts, ofEmqx, ofBalancers] = await Promise.all([
      checkMqtt(endpoints, outputs, hosts, run),
      edge,
      Promise.all(checkAccess(endpoints, outputs)),
      checkHosts(outputs, hosts),
      Promise.all([...checkDrift(hosts), ...checkServers(hosts), ...checkBackups(outputs, hosts)]),
      checkBalancers(outputs, endpoints, hosts, run),
    ]);
    return {
      results: [reached, ...ofHosts, ...ofEmqx, ...ofBalancers, ...ofEdge, ...ofAccess, ...mqtt.results],
      spread: mqtt.spread,
      totalMs: Math.round(performance.now() - begun),
    };
  } finally {
    await hosts.ssh.close();
  }
}
