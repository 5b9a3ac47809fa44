import { describe, expect, it } from 'vitest';
import { aclFile } from '../../components/brokers/aclFile';
import type { AuthorizationArgs } from '../../components/brokers/authorization';
import { planAuthorization } from '../../components/brokers/authorization';
import { Problems } from '../../components/rendering/problems';
import { refused } from './accessPlan';

describe('acl.conf', () => {
  const rules = (args: AuthorizationArgs, hasAnonymous = false) =>
    aclFile(planAuthorization(args, 'emqx.authorization', new Problems()), hasAnonymous)
      .split('\n')
      .slice(1, -1);

  it('denies what no rule allows', () => {
    expect(rules({})).toEqual(['{deny, all}.']);
    expect(rules({ noMatch: 'allow' })).toEqual(['{allow, all}.']);
  });

  it('says who, what and where', () => {
    expect(
      rules({
        rules: [
          {
            permission: 'allow',
            who: { user: 'app', cidrs: ['10.0.0.0/8'] },
            action: 'publish',
            topics: ['a/+', 'b/#'],
          },
          { permission: 'deny', who: { clientId: 'c' }, action: 'subscribe', topics: ['eq #'] },
        ],
      }),
    ).toEqual([
      `{allow, {'and', [{username, "app"}, {ipaddrs, ["10.0.0.0/8"]}]}, publish, ["a/+", "b/#"]}.`,
      '{deny, {clientid, "c"}, subscribe, ["eq #"]}.',
      '{deny, all}.',
    ]);
  });

  it('gives anonymous clients their own rules and no other, whatever name they claim', () => {
    const args: AuthorizationArgs = {
      noMatch: 'allow',
      rules: [
        { permission: 'allow', who: { user: 'app' }, topics: ['#'] },
        { permission: 'allow', who: { anonymous: true }, action: 'publish', topics: ['public/#'] },
      ],
    };
    expect(rules(args, true)).toEqual([
      '{allow, {client_attr, "zone", "anonymous"}, publish, ["public/#"]}.',
      '{deny, {client_attr, "zone", "anonymous"}, all, all}.',
      '{allow, {username, "app"}, all, ["#"]}.',
      '{allow, all}.',
    ]);
  });

  it.each<[string, NonNullable<AuthorizationArgs['rules']>[number], RegExp]>([
    ['a topic that would end the text', { permission: 'allow', topics: ['a"]}.'] }, /topics\[0\] is "a\\"/],
    [
      'a user that would end the text',
      { permission: 'allow', who: { user: 'a\\' }, topics: ['a'] },
      /who\.user/,
    ],
    [
      'a placeholder that EMQX would not replace',
      { permission: 'allow', topics: ['${password}'] },
      /has \$\{password\}/,
    ],
    ['half a placeholder', { permission: 'allow', topics: ['${username'] }, /has \$\{username;/],
    ['a wildcard within a level', { permission: 'allow', topics: ['a+/b'] }, /topics\[0\] is "a\+\/b"/],
    ['a # that is not last', { permission: 'allow', topics: ['#/b'] }, /topics\[0\] is "#\/b"/],
    ['no topic', { permission: 'allow', topics: [] }, /topics is empty/],
    [
      'a range with host bits',
      { permission: 'allow', who: { cidrs: ['10.0.0.1/8'] }, topics: ['a'] },
      /cidrs\[0\]/,
    ],
    [
      'a name that anonymous clients claim',
      { permission: 'allow', who: { anonymous: true }, topics: ['${username}/#'] },
      /each of them may choose/,
    ],
  ])('refuses %s', (_, rule, message) => {
    expect(refused([], { rules: [rule] })).toMatch(message);
  });
});
