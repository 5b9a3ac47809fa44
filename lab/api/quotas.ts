import { z } from 'zod';
import type { AwsCall } from './awsCall';
import { AwsError } from './awsError';
import { accountId, type Region } from './ec2/region';
import { partitionOf } from './partition';

/** Service Quotas' answer about EC2 and VPCs; undefined for a call to another service. */
export function answerServiceQuotas(call: AwsCall, region: Region): object | undefined {
  if (call.service !== 'servicequotas') return undefined;
  const quotas = quotasOf(region);
  const input = inputSchema.parse(JSON.parse(call.request.body.toString() || '{}'));
  const known = quotas.filter(({ ServiceCode }) => ServiceCode === input.ServiceCode);
  switch (call.action) {
    case 'ListServiceQuotas':
      return { Quotas: known };
    case 'GetServiceQuota': {
      const found = known.find(({ QuotaCode }) => QuotaCode === input.QuotaCode);
      if (found !== undefined) return { Quota: found };
      throw new AwsError(
        'NoSuchResourceException',
        'The request failed because the specified quota does not exist.',
      );
    }
    default:
      throw new AwsError('UnknownOperationException', `lab: Service Quotas has no ${call.action} here`);
  }
}

const inputSchema = z.looseObject({ ServiceCode: z.string().optional(), QuotaCode: z.string().optional() });

/** What moto holds to. */
const rulesPerGroup = 60;

function quotasOf({ account, name }: Region) {
  const services = {
    ec2: 'Amazon Elastic Compute Cloud (Amazon EC2)',
    vpc: 'Amazon Virtual Private Cloud (Amazon VPC)',
  };
  const quota = (
    ServiceCode: keyof typeof services,
    QuotaCode: string,
    QuotaName: string,
    Value: number,
  ) => ({
    Adjustable: true,
    GlobalQuota: false,
    QuotaArn: `arn:${partitionOf(name).name}:servicequotas:${name}:${accountId}:${ServiceCode}/${QuotaCode}`,
    QuotaCode,
    QuotaName,
    ServiceCode,
    ServiceName: services[ServiceCode],
    Unit: 'None',
    Value,
  });
  const standard = 'Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances';
  return [
    quota('ec2', 'L-1216C47A', standard, account.vcpuQuota),
    quota('ec2', 'L-0263D0A3', 'EC2-VPC Elastic IPs', account.elasticIpQuota),
    quota('vpc', 'L-F678F1CE', 'VPCs per Region', account.vpcQuota),
    quota('vpc', 'L-0EA8095F', 'Inbound or outbound rules per security group', rulesPerGroup),
  ];
}
