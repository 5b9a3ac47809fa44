import { partitionOf } from '../../../api/partition';
import { awsFunction } from '../function';
import { chosen, defaulted, flag, list, object, optional, required, text } from '../shape';

export const getRegion = awsFunction({
  token: 'aws:index/getRegion:getRegion',
  args: { endpoint: optional(text), id: optional(text), name: optional(text) },
  run: ({ region }, { name = region }) =>
    Promise.resolve({
      description: name,
      endpoint: `ec2.${name}.${partitionOf(name).dnsSuffix}`,
      id: name,
      name,
      region: name,
    }),
});

export const getPartition = awsFunction({
  token: 'aws:index/getPartition:getPartition',
  args: { id: optional(text) },
  run: ({ region }) => {
    const { name, dnsSuffix } = partitionOf(region);
    const reverseDnsPrefix = dnsSuffix.split('.').reverse().join('.');
    return Promise.resolve({ dnsSuffix, id: name, partition: name, reverseDnsPrefix });
  },
});

export const getCallerIdentity = awsFunction({
  token: 'aws:index/getCallerIdentity:getCallerIdentity',
  args: { id: optional(text) },
  async run(call) {
    const { Account, Arn, UserId } = await (await call.sts()).getCallerIdentity({});
    return { accountId: Account, arn: Arn, id: Account, userId: UserId };
  },
});

export const getAvailabilityZones = awsFunction({
  token: 'aws:index/getAvailabilityZones:getAvailabilityZones',
  args: {
    allAvailabilityZones: defaulted(flag, false),
    excludeNames: optional(list(text)),
    excludeZoneIds: optional(list(text)),
    filters: optional(list(object({ name: required(text), values: required(list(text)) }))),
    state: chosen(text),
  },
  async run(call, { allAvailabilityZones, excludeNames = [], excludeZoneIds = [], filters, state }) {
    const answer = await (
      await call.ec2()
    ).describeAvailabilityZones({
      AllAvailabilityZones: allAvailabilityZones,
      Filters: filters?.map(({ name, values }) => ({ Name: name, Values: [...values] })),
    });
    const zones = (answer.AvailabilityZones ?? [])
      .filter((zone) => state === undefined || zone.State === state)
      .filter(
        ({ ZoneName = '', ZoneId = '' }) =>
          !excludeNames.includes(ZoneName) && !excludeZoneIds.includes(ZoneId),
      )
      .sort((a, b) => ((a.ZoneName ?? '') < (b.ZoneName ?? '') ? -1 : 1));
    return {
      allAvailabilityZones,
      groupNames: [...new Set(zones.map(({ GroupName }) => GroupName))],
      id: call.region,
      names: zones.map(({ ZoneName }) => ZoneName),
      region: call.region,
      state,
      zoneIds: zones.map(({ ZoneId }) => ZoneId),
    };
  },
});
