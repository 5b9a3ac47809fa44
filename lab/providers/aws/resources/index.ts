import type { ResourceType } from '../resource';
import { eip, eipAssociation } from './elasticIp';
import { internetGateway, natGateway } from './gateways';
import { policy, rolePolicy, rolePolicyAttachment } from './iamPolicies';
import { role } from './iamRole';
import { bucket } from './bucket';
import { bucketEncryption } from './bucketEncryption';
import { bucketLifecycle } from './bucketLifecycle';
import { bucketPolicy, bucketPublicAccessBlock, bucketVersioning } from './bucketParts';
import { instance } from './instance';
import { instanceProfile } from './instanceProfile';
import { keyPair } from './keyPair';
import { securityGroupRule } from './legacySecurityGroupRule';
import { networkInterface } from './networkInterface';
import { parameter } from './parameter';
import { placementGroup } from './placementGroup';
import { routeTableAssociation } from './routeTableAssociation';
import { route, routeTable } from './routes';
import { secret, secretVersion } from './secrets';
import { securityGroup } from './securityGroup';
import { securityGroupEgressRule, securityGroupIngressRule } from './securityGroupRules';
import { subnet, subnetCidrReservation } from './subnet';
import { volume, volumeAttachment } from './volume';
import { vpc } from './vpc';
import { vpcEndpoint } from './vpcEndpoint';

/** Every resource type that the lab's provider knows. */
export const resourceTypes: readonly ResourceType[] = [
  vpc,
  subnet,
  subnetCidrReservation,
  internetGateway,
  natGateway,
  routeTable,
  route,
  routeTableAssociation,
  securityGroup,
  securityGroupIngressRule,
  securityGroupEgressRule,
  securityGroupRule,
  networkInterface,
  eip,
  eipAssociation,
  instance,
  volume,
  volumeAttachment,
  keyPair,
  placementGroup,
  vpcEndpoint,
  role,
  rolePolicy,
  policy,
  rolePolicyAttachment,
  instanceProfile,
  secret,
  secretVersion,
  parameter,
  bucket,
  bucketPublicAccessBlock,
  bucketEncryption,
  bucketVersioning,
  bucketLifecycle,
  bucketPolicy,
];
