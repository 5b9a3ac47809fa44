import { answerEc2 } from '../../lab/api/ec2';
import { Region } from '../../lab/api/ec2/region';
import { newRouteTable } from '../../lab/api/ec2/routeTables';
import type { MotoApi } from '../../lab/api/moto';
import { Parameters } from '../../lab/api/parameters';
import { XmlNode } from '../../lab/api/xml';
import { FakeFabric, FakeMachines } from '../../proving/region/fakes';

export const subnetId = 'subnet-a';

const noMoto: MotoApi = {
  forward: () => Promise.reject(new Error('no moto in this test')),
  query: () => Promise.reject(new Error('no moto in this test')),
  json: () => Promise.reject(new Error('no moto in this test')),
};

/** A region with one VPC and subnet, as if moto had made them, whose calls go to the front's own actions. */
export class TestRegion {
  readonly fabric = new FakeFabric();
  readonly machines = new FakeMachines();
  readonly region: Region;

  constructor(moto: Partial<MotoApi> = {}) {
    this.region = new Region({
      name: 'eu-central-1',
      fabric: this.fabric,
      machines: this.machines,
      moto: { ...noMoto, ...moto },
      elasticIpRange: '198.51.100.0/24',
    });
    const vpc = { vpcId: 'vpc-1', cidr: '10.20.0.0/16' };
    this.region.network = {
      vpc,
      subnets: [
        {
          subnetId,
          vpcId: 'vpc-1',
          cidr: '10.20.1.0/28',
          availabilityZone: 'eu-central-1a',
          mapPublicIpOnLaunch: false,
        },
      ],
      securityGroups: [{ groupId: 'sg-1', name: 'default', ingress: [], egress: [] }],
      internetGatewayIds: ['igw-1'],
      reservations: [{ subnetId, cidr: '10.20.1.4/30' }],
    };
    newRouteTable(this.region, vpc, true);
  }

  async call(action: string, parameters: Readonly<Record<string, string>> = {}): Promise<XmlNode> {
    const xml = await answerEc2(this.region, Parameters.of({ Action: action, ...parameters }), 'request-1');
    if (xml === undefined) throw new Error(`${action} is moto's`);
    return XmlNode.parse(xml);
  }

  async interface(parameters: Readonly<Record<string, string>> = {}): Promise<string> {
    const answer = await this.call('CreateNetworkInterface', { SubnetId: subnetId, ...parameters });
    return answer.child('networkInterface').text('networkInterfaceId');
  }

  async elasticIp(): Promise<{ allocationId: string; publicIp: string }> {
    const answer = await this.call('AllocateAddress');
    return { allocationId: answer.text('allocationId'), publicIp: answer.text('publicIp') };
  }

  addressesOf(interfaceId: string): readonly string[] {
    return this.region.interface(interfaceId).addresses;
  }
}

/** Of a host's role. */
export const credentials = {
  accessKeyId: 'ASIA1',
  secretAccessKey: 's',
  token: 't',
  instanceId: 'i-1',
  roleName: 'host',
  issuedAt: 0,
  expiresAt: 1,
};
