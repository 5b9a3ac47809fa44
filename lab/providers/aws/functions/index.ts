import type { FunctionType } from '../function';
import { getAvailabilityZones, getCallerIdentity, getPartition, getRegion } from './account';
import { getEips, getElasticIp, getNetworkInterface, getNetworkInterfaces } from './addresses';
import {
  getAmi,
  getInstance,
  getInstances,
  getInstanceType,
  getInstanceTypeOffering,
  getInstanceTypeOfferings,
} from './instances';
import { getKey } from './kmsKey';
import {
  getRouteTable,
  getRouteTables,
  getSecurityGroup,
  getSubnet,
  getSubnets,
  getVpc,
  getVpcs,
} from './network';
import { getParameter, getSecretVersion } from './parameters';
import { getPolicyDocument } from './policyDocument';
import { getServiceQuota } from './quotas';

/** Every function that the lab's provider knows. */
export const functionTypes: readonly FunctionType[] = [
  getRegion,
  getPartition,
  getCallerIdentity,
  getAvailabilityZones,
  getVpc,
  getVpcs,
  getSubnet,
  getSubnets,
  getRouteTable,
  getRouteTables,
  getSecurityGroup,
  getElasticIp,
  getEips,
  getNetworkInterface,
  getNetworkInterfaces,
  getInstance,
  getInstances,
  getAmi,
  getInstanceType,
  getInstanceTypeOffering,
  getInstanceTypeOfferings,
  getParameter,
  getSecretVersion,
  getPolicyDocument,
  getServiceQuota,
  getKey,
];
