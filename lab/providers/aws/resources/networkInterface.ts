import type { NetworkInterface } from '@aws-sdk/client-ec2';
import { isGone, present, unlessGone, type Call } from '../call';
import { resource } from '../resource';
import {
  chosen,
  defaulted,
  flag,
  isList,
  list,
  number,
  object,
  optional,
  output,
  required,
  set,
  text,
  type ValueChange,
} from '../shape';
import { ec2Tagging, tagMap, tagSpecifications } from '../tags';
import { ec2Arn } from './arn';
import { inSetOrder } from './setOrder';

const attachment = {
  attachmentId: chosen(text),
  deviceIndex: required(number),
  instance: required(text),
  networkCardIndex: chosen(number),
};

export const networkInterface = resource({
  token: 'aws:ec2/networkInterface:NetworkInterface',
  inputs: {
    attachments: chosen(set(object(attachment))),
    description: optional(text),
    privateIp: chosen(text, { replaces: true }),
    privateIpListEnabled: defaulted(flag, false),
    privateIpLists: chosen(list(text), { replaces: losesPrimary }),
    privateIps: chosen(set(text), { replaces: losesPrimary }),
    privateIpsCount: chosen(number),
    securityGroups: chosen(set(text)),
    sourceDestCheck: defaulted(flag, true),
    subnetId: required(text, { replaces: true }),
  },
  outputs: {
    arn: output(text),
    interfaceType: output(text),
    macAddress: output(text),
    ownerId: output(text),
    privateDnsName: output(text),
  },
  tagging: ec2Tagging,
  check: ({ privateIpLists, privateIpListEnabled }): Record<string, string> =>
    privateIpLists !== undefined && privateIpListEnabled !== true
      ? { privateIpLists: 'is not obeyed unless privateIpListEnabled is true' }
      : {},

  async create(call, inputs) {
    const listed = inputs.privateIpListEnabled ? inputs.privateIpLists : inSetOrder(inputs.privateIps ?? []);
    const addresses = (listed ?? []).map((PrivateIpAddress, index) => ({
      PrivateIpAddress,
      Primary: index === 0,
    }));
    const ec2 = await call.ec2();
    const made = await call.propagated(/^Invalid(SubnetID|SecurityGroupID|Group)\.NotFound/, () =>
      ec2.createNetworkInterface({
        SubnetId: inputs.subnetId,
        Description: inputs.description,
        Groups: inputs.securityGroups === undefined ? undefined : [...inputs.securityGroups],
        PrivateIpAddress: addresses.length === 0 ? inputs.privateIp : undefined,
        PrivateIpAddresses: addresses.length === 0 ? undefined : addresses,
        SecondaryPrivateIpAddressCount: addresses.length === 0 ? inputs.privateIpsCount : undefined,
        TagSpecifications: tagSpecifications('network-interface', call.tags),
      }),
    );
    return present(made.NetworkInterface?.NetworkInterfaceId, "the interface's id");
  },

  async settle(call, id, inputs) {
    const state = await call.until(`network interface ${id}`, async () => {
      const found = await findInterface(call, id);
      return found?.Status === 'available' || found?.Status === 'in-use' ? found : undefined;
    });
    if ((state.SourceDestCheck ?? true) !== inputs.sourceDestCheck) {
      await setSourceDestCheck(call, id, inputs.sourceDestCheck);
    }
    for (const { instance, deviceIndex } of inputs.attachments ?? []) {
      if (state.Attachment?.InstanceId !== instance) await attach(call, id, instance, deviceIndex);
    }
  },

  async read(call, id) {
    const found = await findInterface(call, id);
    if (found === undefined) return undefined;
    const addresses = found.PrivateIpAddresses?.map(({ PrivateIpAddress }) => PrivateIpAddress ?? '') ?? [];
    const attached = found.Attachment?.InstanceId === undefined ? [] : [found.Attachment];
    return {
      attachments: attached.map((one) => ({
        attachmentId: one.AttachmentId,
        deviceIndex: one.DeviceIndex ?? 0,
        instance: one.InstanceId ?? '',
        networkCardIndex: one.NetworkCardIndex ?? 0,
      })),
      description: found.Description,
      privateIp: found.PrivateIpAddress,
      privateIpLists: addresses,
      privateIps: addresses,
      privateIpsCount: Math.max(0, addresses.length - 1),
      securityGroups: found.Groups?.map(({ GroupId }) => GroupId ?? '') ?? [],
      sourceDestCheck: found.SourceDestCheck ?? true,
      subnetId: found.SubnetId,
      arn: ec2Arn(call, found.OwnerId, 'network-interface', id),
      interfaceType: found.InterfaceType ?? 'interface',
      macAddress: found.MacAddress,
      ownerId: found.OwnerId,
      privateDnsName: found.PrivateDnsName,
      tags: tagMap(found.TagSet),
    };
  },

  async update(call, id, change) {
    const { after } = change;
    const ec2 = await call.ec2();
    const NetworkInterfaceId = id;
    if (change.has('description')) {
      await ec2.modifyNetworkInterfaceAttribute({
        NetworkInterfaceId,
        Description: { Value: after.description ?? '' },
      });
    }
    if (change.has('securityGroups')) {
      await ec2.modifyNetworkInterfaceAttribute({
        NetworkInterfaceId,
        Groups: [...(after.securityGroups ?? [])],
      });
    }
    if (change.has('sourceDestCheck')) await setSourceDestCheck(call, id, after.sourceDestCheck);
    if (change.has('privateIps', 'privateIpLists')) {
      await setAddresses(
        call,
        id,
        (after.privateIpListEnabled ? after.privateIpLists : after.privateIps) ?? [],
      );
    } else if (change.has('privateIpsCount')) {
      await setAddressCount(call, id, after.privateIpsCount ?? 0);
    }
    if (change.has('attachments')) {
      await detach(call, id, (await findInterface(call, id))?.Attachment?.AttachmentId);
      for (const { instance, deviceIndex } of after.attachments ?? [])
        await attach(call, id, instance, deviceIndex);
    }
  },

  unsettled: (changed) => [
    ...(changed.has('privateIps') ? ['privateIpLists', 'privateIpsCount'] : []),
    ...(changed.has('privateIpLists') ? ['privateIps', 'privateIpsCount'] : []),
    ...(changed.has('privateIpsCount') ? ['privateIps', 'privateIpLists'] : []),
  ],

  /** Detached where the state has an attachment and EC2 has it still, then one DeleteNetworkInterface (resourceNetworkInterfaceDelete). */
  async delete(call, id, { attachments = [] }) {
    const known = attachments.map(({ attachmentId }) => attachmentId);
    const attached = known.length === 0 ? undefined : (await findInterface(call, id))?.Attachment;
    if (known.includes(attached?.AttachmentId)) await detach(call, id, attached?.AttachmentId);
    await (await call.ec2()).deleteNetworkInterface({ NetworkInterfaceId: id });
  },
});

/** The primary address of an interface cannot change. */
function losesPrimary({ to, state }: ValueChange): boolean {
  const primary = state['privateIp'];
  return primary !== undefined && isList(to) && !to.includes(primary);
}

async function findInterface(call: Call, id: string): Promise<NetworkInterface | undefined> {
  try {
    const found = await (await call.ec2()).describeNetworkInterfaces({ NetworkInterfaceIds: [id] });
    return found.NetworkInterfaces?.[0];
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function setSourceDestCheck(call: Call, NetworkInterfaceId: string, Value: boolean): Promise<void> {
  await (
    await call.ec2()
  ).modifyNetworkInterfaceAttribute({ NetworkInterfaceId, SourceDestCheck: { Value } });
}

async function secondaryAddresses(call: Call, id: string): Promise<string[]> {
  const found = await findInterface(call, id);
  return (found?.PrivateIpAddresses ?? [])
    .filter(({ Primary }) => Primary !== true)
    .map(({ PrivateIpAddress }) => PrivateIpAddress ?? '');
}

async function setAddresses(call: Call, id: string, wanted: readonly string[]): Promise<void> {
  const ec2 = await call.ec2();
  const primary = (await findInterface(call, id))?.PrivateIpAddress;
  const had = await secondaryAddresses(call, id);
  const gone = had.filter((address) => !wanted.includes(address));
  const added = wanted.filter((address) => address !== primary && !had.includes(address));
  const NetworkInterfaceId = id;
  if (gone.length > 0) await ec2.unassignPrivateIpAddresses({ NetworkInterfaceId, PrivateIpAddresses: gone });
  if (added.length > 0) await ec2.assignPrivateIpAddresses({ NetworkInterfaceId, PrivateIpAddresses: added });
}

async function setAddressCount(call: Call, NetworkInterfaceId: string, count: number): Promise<void> {
  const ec2 = await call.ec2();
  const had = await secondaryAddresses(call, NetworkInterfaceId);
  const gone = had.slice(count);
  if (gone.length > 0) await ec2.unassignPrivateIpAddresses({ NetworkInterfaceId, PrivateIpAddresses: gone });
  if (count > had.length) {
    const SecondaryPrivateIpAddressCount = count - had.length;
    await ec2.assignPrivateIpAddresses({ NetworkInterfaceId, SecondaryPrivateIpAddressCount });
  }
}

async function attach(call: Call, id: string, InstanceId: string, DeviceIndex: number): Promise<void> {
  await (await call.ec2()).attachNetworkInterface({ NetworkInterfaceId: id, InstanceId, DeviceIndex });
  await call.until(`interface ${id} to be attached`, async () =>
    (await findInterface(call, id))?.Attachment?.Status === 'attached' ? true : undefined,
  );
}

async function detach(call: Call, id: string, AttachmentId: string | undefined): Promise<void> {
  if (AttachmentId === undefined) return;
  const ec2 = await call.ec2();
  const detached = await unlessGone(ec2.detachNetworkInterface({ AttachmentId, Force: true }));
  if (detached === undefined) return;
  await call.until(`interface ${id} to be detached`, async () => {
    const status = (await findInterface(call, id))?.Status;
    return status === undefined || status === 'available' ? true : undefined;
  });
}
