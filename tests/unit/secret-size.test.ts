import { expect, it } from 'vitest';
import { secretString } from '../../components/host/secrets';
import type { AwsCall } from '../../lab/api/awsCall';
import { Parameters } from '../../lab/api/parameters';
import { refuseLargeSecret } from '../../lab/api/secretSize';

it('a secret that Secrets Manager would not take is refused by what takes the room', () => {
  const fields = { node: 'cookie', users: 'x'.repeat(65_000) };
  expect(JSON.parse(secretString('mqtt-brokers-secrets', fields))).toEqual(fields);
  expect(() => secretString('mqtt-brokers-secrets', { ...fields, users: 'x'.repeat(70_000) })).toThrow(
    'the secret mqtt-brokers-secrets is 70028 bytes, and Secrets Manager takes 65536; give less of what takes the room: users 70000, node 6.',
  );
});

function put(SecretString: string): void {
  const call: AwsCall = {
    requestId: 'request-1',
    request: { method: 'POST', url: '/', headers: {}, body: Buffer.from(JSON.stringify({ SecretString })) },
    sourceAddress: '203.0.113.1',
    credential: undefined,
    service: 'secretsmanager',
    action: 'PutSecretValue',
    protocol: 'json',
    parameters: Parameters.of({}),
  };
  refuseLargeSecret(call);
}

it("the lab's Secrets Manager takes 65,536 bytes, and no more", () => {
  expect(() => put('x'.repeat(65_536))).not.toThrow();
  expect(() => put('ü'.repeat(32_769))).toThrow('Member must have length less than or equal to 65536');
});
