import type { MotoApi } from '../moto';
import { Parameters } from '../parameters';
import type { XmlNode } from '../xml';
import { parsePolicy, type Policy } from './policy';

/** The policies of roles, as moto's IAM has them, read once until something in IAM changes. */
export class RolePolicies {
  private readonly read = new Map<string, Promise<readonly Policy[]>>();

  constructor(
    private readonly moto: Pick<MotoApi, 'query'>,
    private readonly region: string,
  ) {}

  /** To be called after every call that may have changed IAM. Known roles are read anew, before a takeover asks. */
  forget(): void {
    const known = [...this.read.keys()];
    this.read.clear();
    for (const roleName of known) this.of(roleName).catch(() => undefined);
  }

  of(roleName: string): Promise<readonly Policy[]> {
    const known = this.read.get(roleName);
    if (known !== undefined) return known;
    const reading = this.readAll(roleName);
    this.read.set(roleName, reading);
    reading.catch(() => {
      if (this.read.get(roleName) === reading) this.read.delete(roleName);
    });
    return reading;
  }

  private async readAll(roleName: string): Promise<readonly Policy[]> {
    const [inline, attached] = await Promise.all([
      this.call('ListRolePolicies', { RoleName: roleName }),
      this.call('ListAttachedRolePolicies', { RoleName: roleName }),
    ]);
    return Promise.all([
      ...inline.texts('PolicyNames').map((name) => this.inline(roleName, name)),
      ...attached.items('AttachedPolicies').map((policy) => this.managed(policy.text('PolicyArn'))),
    ]);
  }

  private async inline(roleName: string, name: string): Promise<Policy> {
    const answer = await this.call('GetRolePolicy', { RoleName: roleName, PolicyName: name });
    return parsePolicy(`${roleName}/${name}`, decodeURIComponent(answer.text('PolicyDocument')));
  }

  private async managed(arn: string): Promise<Policy> {
    const policy = (await this.call('GetPolicy', { PolicyArn: arn })).child('Policy');
    const version = await this.call('GetPolicyVersion', {
      PolicyArn: arn,
      VersionId: policy.text('DefaultVersionId'),
    });
    return parsePolicy(arn, decodeURIComponent(version.child('PolicyVersion').text('Document')));
  }

  private async call(action: string, more: Record<string, string>): Promise<XmlNode> {
    const parameters = Parameters.of({ Action: action, Version: '2010-05-08', ...more });
    return (await this.moto.query('iam', this.region, parameters)).child(`${action}Result`);
  }
}
