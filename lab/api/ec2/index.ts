import { AwsError } from '../awsError';
import type { Parameters } from '../parameters';
import { writeXml, type XmlObject } from '../xml';
import type { Actions } from './action';
import { describeInstancesActions } from './describeInstances';
import { elasticIpActions } from './elasticIps';
import { imageActions } from './images';
import { instanceActions } from './instanceActions';
import { instanceAttributeActions } from './instanceAttributes';
import { instanceProfileActions } from './instanceProfiles';
import { instanceTypeActions } from './instanceTypes';
import { interfaceActions } from './interfaces';
import { natGatewayActions } from './natGateways';
import { privateAddressActions } from './privateAddresses';
import { placementGroupActions } from './placementGroups';
import type { Region } from './region';
import { routeTableActions } from './routeTables';
import { runInstancesActions } from './runInstances';
import { tagActions } from './tags';
import { volumeActions } from './volumes';
import { zoneActions } from './zones';

/** The actions that the front answers itself; all others are moto's. */
const actions: Actions = {
  ...privateAddressActions,
  ...interfaceActions,
  ...elasticIpActions,
  ...routeTableActions,
  ...natGatewayActions,
  ...volumeActions,
  ...placementGroupActions,
  ...imageActions,
  ...zoneActions,
  ...instanceTypeActions,
  ...runInstancesActions,
  ...describeInstancesActions,
  ...instanceActions,
  ...instanceAttributeActions,
  ...instanceProfileActions,
  ...tagActions,
};

const unsupported: Readonly<Record<string, string>> = {
  CreateVpcEndpoint: 'The lab has no VPC endpoints: give hosts NAT or public addresses as their way out.',
  CreateEgressOnlyInternetGateway: 'The lab has no IPv6.',
  CreateVpcPeeringConnection: 'The lab has one VPC.',
  CreateTransitGateway: 'The lab has one VPC.',
  CreateFleet: 'The lab has no fleets: RunInstances.',
  RequestSpotInstances: 'The lab has no spot instances: RunInstances.',
};

/** The answer's XML when the action is the front's own, undefined when it is moto's. */
export async function answerEc2(
  region: Region,
  parameters: Parameters,
  requestId: string,
): Promise<string | undefined> {
  const refusal = unsupported[parameters.action];
  if (refusal !== undefined) throw new AwsError('UnsupportedOperation', refusal);
  const action = actions[parameters.action];
  if (action === undefined) return undefined;
  return ec2Document(parameters.action, requestId, await action(region, parameters));
}

function ec2Document(action: string, requestId: string, content: XmlObject): string {
  const name = `${action}Response`;
  const body = writeXml({ requestId, ...content });
  const namespace = 'http://ec2.amazonaws.com/doc/2016-11-15/';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${namespace}">${body}</${name}>`;
}
