import type { ParameterTier, ParameterType } from '@aws-sdk/client-ssm';
import type { Call } from '../call';
import { resource } from '../resource';
import { chosen, defaulted, flag, number, optional, output, required, text } from '../shape';
import { tagList, tagMap } from '../tags';

const types = ['String', 'StringList', 'SecureString'];

/** A value in Systems Manager's parameter store; its id is its name. */
export const parameter = resource({
  token: 'aws:ssm/parameter:Parameter',
  inputs: {
    allowedPattern: optional(text),
    dataType: chosen(text),
    description: optional(text),
    insecureValue: chosen(text),
    keyId: chosen(text),
    name: chosen(text, { replaces: true, autoName: { maxLength: 2048 } }),
    overwrite: defaulted(flag, false),
    tier: chosen(text),
    type: required(text, { replaces: true }),
    value: chosen(text, { secret: true }),
  },
  outputs: { arn: output(text), version: output(number) },
  tagging: async (call, ResourceId, { set, remove }) => {
    const ssm = await call.ssm();
    const resource = { ResourceType: 'Parameter' as const, ResourceId };
    if (remove.length > 0) await ssm.removeTagsFromResource({ ...resource, TagKeys: [...remove] });
    if (Object.keys(set).length > 0) await ssm.addTagsToResource({ ...resource, Tags: tagList(set) });
  },
  check: ({ type = '', value, insecureValue }): Record<string, string> => ({
    ...(types.includes(type) ? {} : { type: `is ${type}; allowed are ${types.join(', ')}` }),
    ...((value === undefined) === (insecureValue === undefined)
      ? { value: 'a parameter needs one of value and insecureValue' }
      : {}),
  }),

  async create(call, inputs) {
    await put(call, { ...inputs, overwrite: inputs.overwrite });
    const name = inputs.name ?? '';
    // Put takes tags only when it makes a parameter, and this one may be there already.
    if (Object.keys(call.tags).length > 0) {
      const resource = { ResourceType: 'Parameter' as const, ResourceId: name };
      await (await call.ssm()).addTagsToResource({ ...resource, Tags: tagList(call.tags) });
    }
    return name;
  },

  async read(call, id) {
    const ssm = await call.ssm();
    const found = (await ssm.getParameter({ Name: id, WithDecryption: true })).Parameter;
    if (found === undefined) return undefined;
    const Filter = { Key: 'Name', Option: 'Equals', Values: [id] };
    const described = (await ssm.describeParameters({ ParameterFilters: [Filter] })).Parameters?.[0];
    const tags = await ssm.listTagsForResource({ ResourceType: 'Parameter', ResourceId: id });
    return {
      allowedPattern: described?.AllowedPattern,
      dataType: found.DataType,
      description: described?.Description,
      insecureValue: found.Type === 'SecureString' ? undefined : found.Value,
      keyId: described?.KeyId,
      name: found.Name,
      tier: described?.Tier,
      type: found.Type,
      value: found.Value,
      arn: found.ARN,
      version: found.Version,
      tags: tagMap(tags.TagList),
    };
  },

  async update(call, _id, change) {
    if (change.has('value', 'insecureValue', 'description', 'allowedPattern', 'keyId', 'tier', 'dataType')) {
      await put(call, { ...change.after, overwrite: true });
    }
  },

  unsettled: () => ['version', 'insecureValue'],

  async delete(call, id) {
    await (await call.ssm()).deleteParameter({ Name: id });
  },
});

interface Wanted {
  readonly name: string | undefined;
  readonly type: string;
  readonly value: string | undefined;
  readonly insecureValue: string | undefined;
  readonly allowedPattern: string | undefined;
  readonly dataType: string | undefined;
  readonly description: string | undefined;
  readonly keyId: string | undefined;
  readonly tier: string | undefined;
  readonly overwrite: boolean;
}

async function put(call: Call, wanted: Wanted): Promise<void> {
  await (
    await call.ssm()
  ).putParameter({
    AllowedPattern: wanted.allowedPattern,
    DataType: wanted.dataType,
    Description: wanted.description,
    KeyId: wanted.keyId,
    Name: wanted.name,
    Overwrite: wanted.overwrite,
    // `check` has held the type against the list; Systems Manager judges the tier.
    Tier: wanted.tier as ParameterTier | undefined,
    Type: wanted.type as ParameterType,
    Value: wanted.value ?? wanted.insecureValue,
  });
}
