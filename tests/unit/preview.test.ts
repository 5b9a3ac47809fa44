import { describe, expect, it } from 'vitest';
import { parsePreview } from '../../preview/pulumiPreview';
import { renderMarkdown, renderText } from '../../preview/render';
import { reportOf, type Report } from '../../preview/report';

const component = 'emqx-haproxy:index:MqttPlatform$emqx-haproxy:index:';
const parents = {
  haproxy: `${component}HaproxyPair$emqx-haproxy:index:Host$`,
  emqx: `${component}EmqxCluster$emqx-haproxy:index:Host$`,
};
const remote = 'command:remote:Command';
const instance = 'aws:ec2/instance:Instance';

interface Given {
  readonly op?: string;
  readonly before?: object;
  readonly after?: object;
  readonly more?: object;
}

function step(host: string, part: string, type: string, { op = 'update', before, after, more }: Given = {}) {
  const parent = host.includes('emqx') ? parents.emqx : parents.haproxy;
  return {
    op,
    urn: `urn:pulumi:dev::emqx-haproxy::${parent}${type}::${host}-${part}`,
    ...(op === 'create' ? {} : { oldState: { type, inputs: before ?? {} } }),
    ...(op === 'delete' ? {} : { newState: { type, inputs: after ?? {} } }),
    ...more,
  };
}

function files(host: string, before: string, after: string) {
  return step(host, 'files', remote, { before: { stdin: before }, after: { stdin: after } });
}

function file(path: string, change: string, content: string): string {
  return `=== ${path} mode=0644 owner=root:root change=${change}\n${content}\n`;
}

function packages(version: string | null): string {
  const content = JSON.stringify({ packages: [{ name: 'emqx', version }] });
  return file('/etc/emqx-haproxy/packages.json', 'none', content);
}

function report(...steps: readonly object[]): Report {
  return reportOf(parsePreview(JSON.stringify({ steps })));
}

describe('what a preview does to hosts', () => {
  it('is told in the order in which the engine changes them', () => {
    const reload = (host: string) =>
      files(host, file('/a', 'reload:haproxy', 'x'), file('/a', 'reload:haproxy', 'y'));
    const { hosts } = report(reload('mqtt-haproxy-2'), reload('mqtt-haproxy-1'));
    expect(hosts.map(({ name }) => name)).toEqual(['mqtt-haproxy-2', 'mqtt-haproxy-1']);
  });

  it.each([
    ['reload:haproxy', 'reloads haproxy', 'nobody is cut'],
    ['restart:haproxy', 'restarts HAProxy', 'each is cut once'],
    ['restart:vip-agent', 'restarts vip-agent', 'nobody is cut'],
    ['sysctl', 'sets the kernel', 'nobody is cut'],
    ['none', 'gets files that nothing restarts for', 'nobody is cut'],
  ])('follows from a changed file: %s', (effect, happens, clients) => {
    const { hosts } = report(files('mqtt-haproxy-1', file('/a', effect, 'x'), file('/a', effect, 'y')));
    expect(hosts).toEqual([{ name: 'mqtt-haproxy-1', happens, clients }]);
  });

  it('names the worst for clients, and no reload of what is restarted', () => {
    const set = (text: string) => file('/a', 'reload:haproxy', text) + file('/b', 'restart:haproxy', text);
    const { hosts } = report(files('mqtt-haproxy-1', set('x'), set('y')));
    expect(hosts).toMatchObject([{ happens: 'restarts HAProxy', clients: 'each is cut once' }]);
  });

  it('names another version of a package', () => {
    const { hosts } = report(files('mqtt-emqx-1', packages('5.8.8'), packages('5.8.9')));
    expect(hosts).toMatchObject([
      { happens: 'is drained and gets emqx 5.8.8 → 5.8.9', clients: 'each is cut at most twice' },
    ]);
  });

  it('names what has an instance replaced, and how long that takes', () => {
    const replaced = (host: string) =>
      step(host, 'instance', instance, { op: 'replace', more: { replaceReasons: ['ami'] } });
    const { hosts, minutes } = report(...['mqtt-emqx-1', 'mqtt-emqx-2', 'mqtt-emqx-3'].map(replaced));
    expect(hosts[0]?.happens).toBe('is replaced (ami): drained first, with its data volume');
    expect(minutes).toBe(3);
  });

  it.each([
    ['create', 'is new: boots and joins', 'nobody is cut'],
    ['delete', 'is drained, leaves the cluster, and is deleted', 'its own are cut once'],
  ])('is told of a broker that comes or goes: %s', (op, happens, clients) => {
    const { hosts } = report(step('mqtt-emqx-4', 'instance', instance, { op }));
    expect(hosts).toEqual([{ name: 'mqtt-emqx-4', happens, clients }]);
  });

  it('is nothing where only the way in to it, or a Command that orders hosts, changes', () => {
    const secrets = {
      before: { triggers: ['i-1', 'v1'] },
      after: { triggers: ['i-1', 'v1'], connection: {} },
    };
    const preview = report(
      step('mqtt-emqx-1', 'secrets', remote, secrets),
      step('mqtt-emqx-1', 'turn', remote, { op: 'create' }),
      step('mqtt-emqx-1', 'leave', 'command:local:Command'),
    );
    expect(renderText(preview)).toBe('Nothing changes.\n');
  });

  it('is that it fetches secrets where there is another version', () => {
    const versions = { before: { triggers: ['i-1', 'v1'] }, after: { triggers: ['i-1', 'v2'] } };
    const { hosts } = report(step('mqtt-emqx-1', 'secrets', remote, versions));
    expect(hosts).toMatchObject([{ happens: 'fetches new secrets', clients: 'nobody is cut' }]);
  });
});

describe('what a reviewer reads', () => {
  const set = (text: string) => file('/etc/haproxy/haproxy.cfg', 'reload:haproxy', `a\n${text}\nz`);

  it('shows a change that hosts share once, line by line', () => {
    const text = renderText(
      report(
        files('mqtt-haproxy-2', set('old'), set('new')),
        files('mqtt-haproxy-1', set('old'), set('new')),
      ),
    );
    expect(text).toContain('/etc/haproxy/haproxy.cfg on mqtt-haproxy-2, mqtt-haproxy-1:');
    expect(text.match(/^-old$/gm)).toHaveLength(1);
    expect(text.match(/^\+new$/gm)).toHaveLength(1);
  });

  it('shows another mode as a change of the file', () => {
    const text = renderText(report(files('mqtt-haproxy-1', set('x'), set('x').replace('0644', '0600'))));
    expect(text).toContain('+mode=0600 owner=root:root');
  });

  it('has what is deleted and replaced first among other resources, and counts those with other tags only', () => {
    const other = (op: string, name: string, ...paths: string[]) => ({
      op,
      urn: `urn:pulumi:dev::emqx-haproxy::${component}Network$aws:ec2/subnet:Subnet::${name}`,
      oldState: { type: 'aws:ec2/subnet:Subnet', inputs: {} },
      detailedDiff: Object.fromEntries(paths.map((path) => [path, {}])),
    });
    const text = renderMarkdown(
      report(
        other('update', 'a', 'tags["x"]', 'tagsAll["x"]'),
        other('update', 'b', 'cidrBlock'),
        other('delete', 'c'),
      ),
      'dev',
    );
    expect(text).toContain(
      '- DELETES c (aws Subnet)\n- changes b (aws Subnet): cidrBlock\n- tags of 1 resource\n',
    );
  });

  it('stays below what a comment on GitHub may have, and says what is left out', () => {
    const long = Array.from({ length: 3000 }, (_, line) => `line ${line} of a long file`).join('\n');
    const both = (path: string) => [file(path, 'none', 'x'), file(path, 'none', long)] as const;
    const pairs = ['/a', '/b', '/c'].map(both);
    const text = renderMarkdown(
      report(
        files('mqtt-emqx-1', pairs.map(([one]) => one).join(''), pairs.map(([, other]) => other).join('')),
      ),
      'dev',
    );
    expect(text.length).toBeLessThan(65_536);
    expect(text).toContain('more changed files would make this comment too long');
  });

  it('keeps a diff with a fence of its own in its fence', () => {
    const text = renderMarkdown(report(files('mqtt-haproxy-1', set('x'), set('```'))), 'dev');
    expect(text).toContain('````diff\n');
  });

  it('has warnings and errors, without the engine’s prefix', () => {
    const diagnostics = [
      { severity: 'warning', message: 'warning: mind this\n' },
      { severity: 'error', message: 'no such key\n' },
      { severity: 'info', message: 'by the way\n' },
    ];
    const text = renderMarkdown(reportOf(parsePreview(JSON.stringify({ diagnostics }))), 'dev');
    expect(text).toContain('> warning: mind this');
    expect(text).toContain('> error: no such key');
    expect(text).not.toContain('by the way');
  });
});

describe('what is no preview', () => {
  it.each(['', 'error: no stack', '{"steps": [{"op": 1}]}'])('is refused: %j', (text) => {
    expect(() => parsePreview(text)).toThrow(/not what pulumi preview --json prints/);
  });
});
