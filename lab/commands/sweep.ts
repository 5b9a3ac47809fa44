import { labCredentials } from '../engine/environment';
import { accountTypes } from './sweep/account';
import { computeTypes } from './sweep/compute';
import { networkTypes } from './sweep/network';
import { hangingTypes } from './sweep/hanging';
import { KnownResources } from './sweep/knownResources';
import type { Account, ResourceType } from './sweep/resourceType';

/**
 * Deletes what the lab's AWS has and the stack's state does not know: what an engine that was killed had begun.
 * Everything in the lab's AWS belongs to the one stack. Gives a line for each resource deleted.
 */
export async function sweep(
  deployment: unknown,
  region: string,
  access: Omit<Account, 'region'> = labCredentials,
): Promise<string[]> {
  // Which Node runs the lab is for package.json to say, not for a warning between its lines.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const account = { region, ...access };
  const known = new KnownResources(deployment);
  const removed = await removeAll(resourceTypes(account), (id) => !known.has(id));
  // These lists have nothing in them that is known.
  return [...removed, ...(await removeAll(hangingTypes(account, known), () => true))];
}

/** Deletes what is meant, in an order in which it can go; gives a line for each resource deleted. */
export async function removeAll(
  types: readonly ResourceType[],
  isMeant: (id: string) => boolean,
): Promise<string[]> {
  const removed: string[] = [];
  // Some go only when others are gone (security groups may name each other), so again until nothing more goes.
  for (let before = -1; before < removed.length;) {
    before = removed.length;
    for (const type of types) {
      const orphans = (await type.list()).filter((id) => id !== undefined && isMeant(id));
      for (const id of orphans) {
        if (id === undefined || removed.includes(`${type.what} ${id}`)) continue;
        const gone = await type.remove(id).then(
          () => true,
          () => false,
        );
        if (gone) removed.push(`${type.what} ${id}`);
      }
    }
  }
  return removed;
}

/** The types that programs make, in the order in which they can go. */
export function resourceTypes(account: Account): readonly ResourceType[] {
  return [...computeTypes(account), ...networkTypes(account), ...accountTypes(account)];
}
