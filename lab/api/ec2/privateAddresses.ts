import { AwsError } from '../awsError';
import { contains, formatAddress, parseAddress, parseRange } from '../../ipv4';
import type { Parameters } from '../parameters';
import { done, type Actions } from './action';
import type { InterfaceRecord } from './records';
import type { Region } from './region';

/** Secondary private addresses of interfaces. The last call wins: an address is on one interface only. */
export const privateAddressActions: Actions = {
  async AssignPrivateIpAddresses(region, parameters) {
    const record = region.interface(parameters.required('NetworkInterfaceId'));
    const asked = parameters.list('PrivateIpAddress');
    const mayMove = parameters.flag('AllowReassignment') ?? false;
    const moves = asked.filter((address) => !record.addresses.includes(address));
    for (const address of moves) mustBeAssignable(region, record, address, mayMove);
    for (const address of moves) moveAddress(region, record, address);
    const wanted = parameters.integer('SecondaryPrivateIpAddressCount') ?? 0;
    const free = Array.from({ length: wanted }, () => {
      const address = freeAddress(region, record.subnetId);
      record.addresses.push(address);
      return address;
    });
    await region.settle();
    return {
      return: true,
      networkInterfaceId: record.interfaceId,
      assignedPrivateIpAddressesSet: [...asked, ...free].map((privateIpAddress) => ({ privateIpAddress })),
    };
  },

  async UnassignPrivateIpAddresses(region, parameters) {
    const record = region.interface(parameters.required('NetworkInterfaceId'));
    const asked = parameters.list('PrivateIpAddress');
    for (const address of asked) {
      if (record.addresses.slice(1).includes(address)) continue;
      const what = `Some of the specified addresses are not assigned to interface ${record.interfaceId}`;
      throw new AwsError('InvalidParameterValue', `${what} as secondary addresses: ${address}`);
    }
    record.addresses = record.addresses.filter((address) => !asked.includes(address));
    for (const elasticIp of region.elasticIps.values()) {
      if (asked.includes(elasticIp.association?.privateIp ?? '')) elasticIp.association = undefined;
    }
    await region.settle();
    return done;
  },
};

/** The addresses that a new interface is to have, primary first; each checked, none taken. */
export function planAddresses(region: Region, subnetId: string, parameters: Parameters): string[] {
  const listed = parameters.structures('PrivateIpAddresses');
  const primaries = listed.filter((each) => each.flag('Primary') === true);
  const given = parameters.text('PrivateIpAddress') ?? primaries[0]?.required('PrivateIpAddress');
  const secondaries = listed
    .map((each) => each.required('PrivateIpAddress'))
    .filter((address) => address !== given);
  if (primaries.length > 1) {
    throw new AwsError(
      'InvalidParameterCombination',
      'Only one primary private IP address can be specified.',
    );
  }
  const fixed = given === undefined ? secondaries : [given, ...secondaries];
  for (const address of fixed) mustBeFree(region, subnetId, address);
  const planned = given === undefined ? [freeAddress(region, subnetId, fixed), ...fixed] : fixed;
  const more = parameters.integer('SecondaryPrivateIpAddressCount') ?? 0;
  for (let count = 0; count < more; count += 1) planned.push(freeAddress(region, subnetId, planned));
  if (new Set(planned).size < planned.length) {
    throw new AwsError('InvalidParameterValue', `The same address is given twice: ${planned.join(', ')}`);
  }
  return planned;
}

/** An address that nothing holds and no explicit reservation keeps. */
export function freeAddress(region: Region, subnetId: string, alsoTaken: readonly string[] = []): string {
  const { cidr } = region.subnet(subnetId);
  const range = parseRange(cidr);
  const reserved = region.network.reservations.filter((each) => each.subnetId === subnetId);
  // EC2 keeps the first four and the last address of each subnet.
  for (let number = (range?.first ?? 0) + 4; number < (range?.last ?? 0); number += 1) {
    const address = formatAddress(number);
    if (alsoTaken.includes(address) || region.holderOf(address) !== undefined) continue;
    if (!reserved.some((each) => contains(each.cidr, address))) return address;
  }
  const message = `The subnet ${subnetId} (${cidr}) has no free address outside its reservations.`;
  throw new AwsError('InsufficientFreeAddressesInSubnet', message);
}

function mustBeFree(region: Region, subnetId: string, address: string): void {
  mustBelong(region, subnetId, address);
  if (region.holderOf(address) !== undefined) {
    throw new AwsError('InvalidIPAddress.InUse', `The specified address is already in use. (${address})`);
  }
}

function mustBelong(region: Region, subnetId: string, address: string): void {
  const { cidr } = region.subnet(subnetId);
  const number = parseAddress(address);
  const range = parseRange(cidr);
  if (number === undefined || range === undefined || !contains(cidr, address)) {
    const message = `Address ${address} does not fall within the subnet's address range ${cidr}`;
    throw new AwsError('InvalidParameterValue', message);
  }
  if (number < range.first + 4 || number === range.last) {
    const message = `Address ${address} is in subnet's reserved address range (first four and last of ${cidr})`;
    throw new AwsError('InvalidParameterValue', message);
  }
}

function mustBeAssignable(region: Region, record: InterfaceRecord, address: string, mayMove: boolean): void {
  mustBelong(region, record.subnetId, address);
  const holder = region.holderOf(address);
  if (holder === undefined) return;
  if (!mayMove) {
    const message = `[${address}] assigned, but move is not allowed.`;
    throw new AwsError('InvalidParameterValue', message);
  }
  if (holder.addresses[0] === address) {
    const message = `[${address}] is the primary address of ${holder.interfaceId} and cannot be moved.`;
    throw new AwsError('InvalidParameterValue', message);
  }
}

/** Takes the address from where it is, its Elastic IP with it. */
function moveAddress(region: Region, record: InterfaceRecord, address: string): void {
  const holder = region.holderOf(address);
  if (holder !== undefined) holder.addresses = holder.addresses.filter((each) => each !== address);
  record.addresses.push(address);
  for (const elasticIp of region.elasticIps.values()) {
    if (elasticIp.association?.privateIp !== address) continue;
    elasticIp.association = { ...elasticIp.association, interfaceId: record.interfaceId };
  }
}
