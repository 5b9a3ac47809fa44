import { present } from '../call';
import { resource } from '../resource';
import { ec2Tagging } from '../tags';
import { checkInstance, instanceInputs, instanceOutputs } from './instanceInputs';
import { launchRequest } from './instanceLaunch';
import { awaitState, findInstance, readInstance } from './instanceState';
import { changeInstance, setProtection, tagRootVolume } from './instanceChange';

export const instance = resource({
  token: 'aws:ec2/instance:Instance',
  inputs: instanceInputs,
  outputs: instanceOutputs,
  tagging: ec2Tagging,
  check: checkInstance,

  async create(call, inputs) {
    const ec2 = await call.ec2();
    // A role and its profile take seconds until EC2 knows them; an image's parameter or a group may lag as well.
    const made = await call.propagated(
      /Invalid IAM Instance Profile|no attached IAM roles|^Invalid(Group|SubnetID|NetworkInterfaceID)\.NotFound/,
      () => ec2.runInstances(launchRequest(call, inputs)),
    );
    return present(made.Instances?.[0]?.InstanceId, "the instance's id");
  },

  async settle(call, id, inputs) {
    await awaitState(call, id, 'running');
    await tagRootVolume(call, id, inputs.rootBlockDevice?.tags);
    if (!inputs.sourceDestCheck) {
      await (await call.ec2()).modifyInstanceAttribute({ InstanceId: id, SourceDestCheck: { Value: false } });
    }
  },

  read: readInstance,
  update: changeInstance,

  unsettled: (changed) => {
    const restarts = ['instanceType', 'userData', 'userDataBase64', 'ebsOptimized'].some((name) =>
      changed.has(name),
    );
    return restarts ? ['instanceState', 'publicDns', 'publicIp'] : [];
  },

  async delete(call, id, known) {
    const found = await findInstance(call, id);
    if (found === undefined || found.State?.Name === 'terminated') return;
    if (known.forceDestroy === true) await setProtection(call, id, { termination: false, stop: false });
    await (await call.ec2()).terminateInstances({ InstanceIds: [id] });
    await awaitState(call, id, 'terminated');
  },
});
