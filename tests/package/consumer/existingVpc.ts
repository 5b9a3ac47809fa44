import * as pulumi from '@pulumi/pulumi';
import { made } from './mocks';

pulumi.runtime.setAllConfig({ 'project:sshCidr': '198.51.100.7/32' });

/** The example, as its user has it. */
void import('./example/index.js').then(({ endpoints }) =>
  endpoints.apply((told) => {
    process.on('exit', () => {
      const named = (type: string) => made.filter((each) => each.type === type);
      const interfaces = named('aws:ec2/networkInterface:NetworkInterface').map(
        ({ inputs }) => inputs['subnetId'],
      );
      const networks = ['aws:ec2/vpc:Vpc', 'aws:ec2/subnet:Subnet', 'aws:ec2/route:Route'].flatMap(
        named,
      ).length;
      // What its costs follow from, and no more: a process that exits waits for no reader.
      const resources = made
        .filter(({ type }) => /:(Instance|Volume|Eip|NatGateway|Secret)$/.test(type))
        .map(({ type, inputs: { instanceType, rootBlockDevice, size } }) => ({
          type,
          inputs: { instanceType, rootBlockDevice, size },
        }));
      const summary = { endpoints: told, interfaces: interfaces.toSorted(), networks, resources };
      process.stdout.write(JSON.stringify(summary));
    });
  }),
);
