/** A subnet that has been there before. */
export const subnet = { subnetId: 'subnet-1', cidr: '10.1.1.0/24' };

/** Arguments of a VPC that has been there before. */
export const adopted = {
  vpcId: 'vpc-1',
  vpcCidr: '10.1.0.0/16',
  balancerSubnets: [subnet],
  brokerSubnets: [subnet],
  egress: 'nat' as const,
};
