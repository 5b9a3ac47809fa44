import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { refuseDocumentationRanges } from '../../infra/documentationRanges';

const aws = undefined;
const lab = 'http://203.0.113.2:4566';

function refusal(configuration: object, endpoint: string | undefined = aws): string {
  try {
    refuseDocumentationRanges(configuration, endpoint);
    return 'nothing';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('addresses of documentation', () => {
  const ssh = { allowedCidrs: ['10.0.0.0/8', '198.51.100.7/32'], via: { host: '192.0.2.9' } };

  it('are refused on AWS, each by its path', () => {
    const text = refusal({ ssh, listeners: { mqtt: { allowedCidrs: ['203.0.113.0/25'] } } });
    for (const path of ['ssh.allowedCidrs[1]', 'ssh.via.host', 'listeners.mqtt.allowedCidrs[0]'])
      expect(text).toContain(`  ${path}: is `);
    expect(text).not.toContain('10.0.0.0/8');
  });

  it("are refused on AWS's own endpoints too, and taken where something else answers for AWS", () => {
    expect(refusal({ ssh }, 'https://vpce-1.ec2.eu-central-1.vpce.amazonaws.com')).toContain('RFC 5737');
    expect(refusal({ ssh }, lab)).toBe('nothing');
  });

  it.each(['dev', 'prod'])('are what Pulumi.%s.yaml has until its user gives his own', (stack) => {
    const file: unknown = parse(readFileSync(join(__dirname, `../../Pulumi.${stack}.yaml`), 'utf8'));
    expect(refusal(file as object)).toContain('allowedCidrs[0]: is 198.51.100.7/32');
  });
});
