import { AwsError } from '../awsError';
import type { Parameters } from '../parameters';

/**
 * EC2's reads behind its writes ("Eventual consistency in the Amazon EC2 API"): what has just been made is not known
 * yet, and a question that was asked before is answered as it was then.
 */
export class Lag {
  private readonly firstSeen = new Map<string, number>();
  private readonly answers = new Map<string, { readonly at: number; readonly body: string }[]>();

  constructor(private readonly now: () => number = Date.now) {}

  /** Refuses a call that names what is younger than the lag, with the code of its kind. */
  mustBeKnown(parameters: Parameters, lagMs: number): void {
    for (const name of parameters.names()) {
      const value = parameters.text(name) ?? '';
      const code = notFound[/^([a-z]+)-[0-9a-f]{8,17}$/.exec(value)?.[1] ?? ''];
      const since = this.firstSeen.get(value);
      if (code === undefined || since === undefined || this.now() - since >= lagMs) continue;
      throw new AwsError(code, `The ID '${value}' does not exist`);
    }
  }

  /** The answer to give: the true one, or for a question that was asked before the newest that is old enough. */
  answer(caller: string, parameters: Parameters, body: string, lagMs: number): string {
    const now = this.now();
    for (const [id] of body.matchAll(/\b[a-z]+-[0-9a-f]{8,17}\b/g)) {
      if (!this.firstSeen.has(id)) this.firstSeen.set(id, now);
    }
    const key = `${caller} ${parameters.encode()}`;
    // Without the fault there is no past to answer from.
    if (lagMs === 0) this.answers.delete(key);
    if (lagMs === 0 || !/^(Describe|Get)/.test(parameters.action)) return body;
    const all = [...(this.answers.get(key) ?? []), { at: now, body }];
    const newestOld = all.findLastIndex(({ at }) => now - at >= lagMs);
    const kept = all.slice(Math.max(0, newestOld));
    this.answers.set(key, kept);
    return kept[0]?.body ?? body;
  }
}

const notFound: Readonly<Record<string, string>> = {
  vpc: 'InvalidVpcID.NotFound',
  subnet: 'InvalidSubnetID.NotFound',
  sg: 'InvalidGroup.NotFound',
  sgr: 'InvalidSecurityGroupRuleId.NotFound',
  igw: 'InvalidInternetGatewayID.NotFound',
  rtb: 'InvalidRouteTableID.NotFound',
  rtbassoc: 'InvalidAssociationID.NotFound',
  eipassoc: 'InvalidAssociationID.NotFound',
  nat: 'NatGatewayNotFound',
  eni: 'InvalidNetworkInterfaceID.NotFound',
  eipalloc: 'InvalidAllocationID.NotFound',
  i: 'InvalidInstanceID.NotFound',
  vol: 'InvalidVolume.NotFound',
};
