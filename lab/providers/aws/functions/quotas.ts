import { present } from '../call';
import { awsFunction } from '../function';
import { optional, required, text } from '../shape';

export const getServiceQuota = awsFunction({
  token: 'aws:servicequotas/getServiceQuota:getServiceQuota',
  args: { quotaCode: optional(text), quotaName: optional(text), serviceCode: required(text) },
  async run(call, { quotaCode, quotaName, serviceCode: ServiceCode }) {
    const quotas = await call.serviceQuotas();
    const found =
      quotaCode === undefined
        ? (await quotas.listServiceQuotas({ ServiceCode })).Quotas?.find((one) => one.QuotaName === quotaName)
        : (await quotas.getServiceQuota({ ServiceCode, QuotaCode: quotaCode })).Quota;
    const quota = present(found, `the quota ${quotaCode ?? quotaName ?? ''} of ${ServiceCode}`);
    return {
      adjustable: quota.Adjustable ?? false,
      arn: quota.QuotaArn,
      defaultValue: quota.Value,
      globalQuota: quota.GlobalQuota ?? false,
      id: quota.QuotaArn,
      quotaCode: quota.QuotaCode,
      quotaName: quota.QuotaName,
      region: call.region,
      serviceCode: quota.ServiceCode,
      serviceName: quota.ServiceName,
      usageMetrics: [],
      value: quota.Value,
    };
  },
});
