import type { Result } from './checks';
import { checkEdge } from './edgeChecks';
import { checkHosts } from './hostChecks';
import { reachHosts } from './hosts';
import { type Spread, checkMqtt } from './mqttChecks';
import type { Dial } from './mqttClients';
import type { Outputs } from './outputs';

export interface Verification {
  readonly results: readonly Result[];
  readonly spread: Spread;
  readonly totalMs: number;
}

/** Proves a running stack from its outputs alone. */
export async function verify(
  outputs: Outputs,
  clientCertificate?: Dial['clientCertificate'],
): Promise<Verification> {
  const begun = performance.now();
  const endpoints: Record<string, Dial> = Object.fromEntries(
    Object.entries(outputs.endpoints).map(([name, url]) => [
      name,
      { url, ca: outputs.caCertificate, ...(clientCertificate === undefined ? {} : { clientCertificate }) },
    ]),
  );
  const edge = Promise.all(checkEdge(endpoints));
  const { hosts, result: reached } = await reachHosts(outputs);
  try {
    const [mqtt, ofEdge, ofHosts] = await Promise.all([
      checkMqtt(endpoints, hosts),
      edge,
      Promise.all(checkHosts(outputs, hosts)),
    ]);
    return {
      results: [reached, ...ofHosts, ...ofEdge, ...mqtt.results],
      spread: mqtt.spread,
      totalMs: Math.round(performance.now() - begun),
    };
  } finally {
    await hosts.ssh.close();
  }
}
