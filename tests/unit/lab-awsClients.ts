import { EC2 } from '@aws-sdk/client-ec2';
import { IAM } from '@aws-sdk/client-iam';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { ServiceQuotas } from '@aws-sdk/client-service-quotas';
import { SSM } from '@aws-sdk/client-ssm';
import { STS } from '@aws-sdk/client-sts';
import type { Clients } from '../../lab/providers/aws/call';
import type { S3 } from '../../lab/providers/aws/s3';
import { functionTypes } from '../../lab/providers/aws/functions';
import { AwsProvider } from '../../lab/providers/aws/provider';
import { resourceTypes } from '../../lab/providers/aws/resources';

type Answer = (input: Readonly<Record<string, unknown>>) => object;

/** An AWS of prepared answers that remembers what it was asked. */
export interface FakeAws {
  readonly calls: { readonly action: string; readonly input: Readonly<Record<string, unknown>> }[];
  readonly regions: string[];
  actions(): string[];
  readonly provider: AwsProvider;
}

/** The provider before clients whose `send` is the given answers by action; any other action is an error. */
export function fakeAws(
  answers: Readonly<Record<string, Answer>>,
  configuration = {},
  s3: S3 = { ask: () => Promise.reject(new Error('no S3 in this test')) },
): FakeAws {
  const calls: FakeAws['calls'] = [];
  const regions: string[] = [];
  const send = (command: { readonly constructor: { readonly name: string }; readonly input: object }) => {
    const action = command.constructor.name.replace(/Command$/, '');
    const input = { ...command.input };
    calls.push({ action, input });
    const answer = answers[action];
    return new Promise((done, failed) => {
      if (answer === undefined) failed(new Error(`the test has no answer for ${action}`));
      else done(answer(input));
    });
  };
  const clients = (region: string): Clients => {
    regions.push(region);
    const faked = <T extends object>(client: T) => Promise.resolve(Object.assign(client, { send }));
    return {
      ec2: () => faked(new EC2({ region })),
      iam: () => faked(new IAM({ region })),
      kms: () => Promise.reject(new Error('no KMS in this test')),
      s3: () => Promise.resolve(s3),
      secretsManager: () => faked(new SecretsManager({ region })),
      serviceQuotas: () => faked(new ServiceQuotas({ region })),
      ssm: () => faked(new SSM({ region })),
      sts: () => faked(new STS({ region })),
      account: () => Promise.resolve('123456789012'),
    };
  };
  const provider = new AwsProvider(resourceTypes, functionTypes, clients);
  provider.configure({ region: 'eu-central-1', ...configuration });
  return { calls, regions, actions: () => calls.map(({ action }) => action), provider };
}

/** An error as the SDK throws it. */
export function awsError(code: string, message = 'as told'): Error {
  return Object.assign(new Error(message), { name: code });
}

export const applied = { preview: false, timeoutSeconds: 5 };
export const previewed = { preview: true, timeoutSeconds: 0 };
