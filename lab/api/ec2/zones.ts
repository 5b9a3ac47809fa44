import type { XmlObject } from '../xml';
import { Parameters } from '../parameters';
import type { Actions } from './action';
import { matching } from './filters';
import type { Region } from './region';

export interface Zone {
  readonly name: string;
  readonly zoneId: string;
  readonly kind: 'availability-zone' | 'local-zone';
  readonly group: string;
  readonly borderGroup: string;
  readonly optIn: 'opt-in-not-required' | 'opted-in' | 'not-opted-in';
}

/** The region's zones: moto's, and a Local Zone, whose name comes before theirs in the order of names. */
export const zoneActions: Actions = {
  async DescribeAvailabilityZones(region, parameters) {
    const zones = await zonesOf(region);
    const names = parameters.list('ZoneName');
    const all = parameters.flag('AllAvailabilityZones') ?? false;
    const shown = zones
      .filter(({ optIn }) => all || optIn !== 'not-opted-in')
      .filter(({ name }) => names.length === 0 || names.includes(name));
    const found = matching(shown, parameters, (zone) => (name) => filterValues(region, zone)[name]);
    return { availabilityZoneInfo: found.map((zone) => describeZone(region, zone)) };
  },
};

export async function zonesOf(region: Region): Promise<readonly Zone[]> {
  const asked = Parameters.of({ Action: 'DescribeAvailabilityZones', Version: '2016-11-15' });
  const answer = await region.moto.query('ec2', region.name, asked);
  const plain = answer.items('availabilityZoneInfo').map((each): Zone => ({
    name: each.text('zoneName'),
    zoneId: each.text('zoneId'),
    kind: 'availability-zone',
    group: `${region.name}-zg-1`,
    borderGroup: region.name,
    optIn: 'opt-in-not-required',
  }));
  return [...plain, localZone(region)];
}

export function isLocalZone(region: Region, name: string): boolean {
  return name === localZone(region).name;
}

/** Named as eu-central-1-ham-1a is; here in no city. */
function localZone(region: Region): Zone {
  const group = `${region.name}-lz-1`;
  return {
    name: `${group}a`,
    zoneId: `${group}-az1`,
    kind: 'local-zone',
    group,
    borderGroup: group,
    optIn: region.account.localZone ? 'opted-in' : 'not-opted-in',
  };
}

function filterValues(region: Region, zone: Zone): Readonly<Record<string, readonly string[]>> {
  return {
    'zone-name': [zone.name],
    'zone-id': [zone.zoneId],
    'zone-type': [zone.kind],
    'group-name': [zone.group],
    'opt-in-status': [zone.optIn],
    'region-name': [region.name],
    state: ['available'],
  };
}

function describeZone(region: Region, zone: Zone): XmlObject {
  return {
    zoneName: zone.name,
    zoneId: zone.zoneId,
    zoneType: zone.kind,
    zoneState: 'available',
    optInStatus: zone.optIn,
    groupName: zone.group,
    networkBorderGroup: zone.borderGroup,
    regionName: region.name,
    messageSet: [],
  };
}
