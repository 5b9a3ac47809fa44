import { EC2Client, paginateDescribeTags, DescribeKeyPairsCommand } from '@aws-sdk/client-ec2';
import {
  GetInstanceProfileCommand,
  GetRoleCommand,
  IAMClient,
  paginateListInstanceProfiles,
  paginateListRoles,
} from '@aws-sdk/client-iam';
import { paginateListSecrets, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { setTimeout as pause } from 'node:timers/promises';
import { platformName } from '../infra/configuration';
import { stackTag } from '../components/rendering/naming';
import { removeAll, resourceTypes } from '../lab/commands/sweep';
import { stackPrefix } from './stack';

/** The tag of the stacks of this check: all of them, or of one. */
function stackValue(stack = `${stackPrefix}*`): string {
  return `emqx-haproxy/${stack}`;
}

/** What is there of the stacks of this check, as `KIND ID`: nothing after a run. */
export async function leftovers(region: string, stack?: string): Promise<readonly string[]> {
  const meant = await taggedIds(region, stackValue(stack));
  const found = await Promise.all(
    resourceTypes({ region }).map(async (type) =>
      (await type.list()).flatMap((id) => (id !== undefined && meant.has(id) ? [`${type.what} ${id}`] : [])),
    ),
  );
  return found.flat();
}

const passes = 20;
const pauseMs = 15_000;

/** Removes what is left of the stacks of this check, and of nothing else; gives what was removed, and what stays. */
export async function sweep(
  region: string,
  stack?: string,
): Promise<{ readonly removed: readonly string[]; readonly left: readonly string[] }> {
  const removed: string[] = [];
  // A NAT gateway takes minutes to go, and its subnet, address and gateway after it.
  for (let pass = 1; ; pass += 1) {
    const meant = await taggedIds(region, stackValue(stack));
    removed.push(...(await removeAll(resourceTypes({ region }), (id) => meant.has(id))));
    const left = await leftovers(region, stack);
    if (left.length === 0 || pass === passes) return { removed: [...new Set(removed)], left };
    await pause(pauseMs);
  }
}

/** Ids of everything that carries the tag, names of what has no id. */
async function taggedIds(region: string, value: string): Promise<ReadonlySet<string>> {
  const ec2 = new EC2Client({ region });
  const byTag = [
    { Name: 'key', Values: [stackTag] },
    { Name: 'value', Values: [value] },
  ];
  const ids: string[] = [];
  for await (const { Tags = [] } of paginateDescribeTags({ client: ec2 }, { Filters: byTag }))
    ids.push(...Tags.flatMap(({ ResourceId }) => ResourceId ?? []));
  const Filters = [{ Name: `tag:${stackTag}`, Values: [value] }];
  const { KeyPairs = [] } = await ec2.send(new DescribeKeyPairsCommand({ Filters }));
  ids.push(...KeyPairs.flatMap(({ KeyName }) => KeyName ?? []));
  return new Set([...ids, ...(await taggedSecrets(region, value)), ...(await taggedRoles(region, value))]);
}

interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

function carries(tags: readonly Tag[], value: string): boolean {
  const wanted = value.endsWith('*') ? value.slice(0, -1) : undefined;
  return tags.some(
    ({ Key, Value = '' }) =>
      Key === stackTag && (wanted === undefined ? Value === value : Value.startsWith(wanted)),
  );
}

async function taggedSecrets(region: string, value: string): Promise<readonly string[]> {
  const client = new SecretsManagerClient({ region });
  const found: string[] = [];
  for await (const { SecretList = [] } of paginateListSecrets({ client }, {}))
    found.push(
      ...SecretList.flatMap(({ ARN, Tags = [] }) => (ARN !== undefined && carries(Tags, value) ? ARN : [])),
    );
  return found;
}

async function taggedRoles(region: string, value: string): Promise<readonly string[]> {
  const client = new IAMClient({ region });
  const isPlatforms = (name = '') => name.startsWith(`${platformName}-`);
  const found: string[] = [];
  for await (const { InstanceProfiles = [] } of paginateListInstanceProfiles({ client }, {}))
    for (const { InstanceProfileName } of InstanceProfiles) {
      if (InstanceProfileName === undefined || !isPlatforms(InstanceProfileName)) continue;
      const { InstanceProfile } = await client.send(new GetInstanceProfileCommand({ InstanceProfileName }));
      if (carries(InstanceProfile?.Tags ?? [], value)) found.push(InstanceProfileName);
    }
  for await (const { Roles = [] } of paginateListRoles({ client }, {}))
    for (const { RoleName } of Roles) {
      if (RoleName === undefined || !isPlatforms(RoleName)) continue;
      const { Role } = await client.send(new GetRoleCommand({ RoleName }));
      if (carries(Role?.Tags ?? [], value)) found.push(RoleName);
    }
  return found;
}
