import { spawn } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { balancerFiles, brokerFiles, userData } from '../../components/render';
import type { BalancerView, HostFile } from '../../components/render';
import { balancerView, brokerView } from '../unit/renderViews';
import { makeCertificates, ticketKeys, type Certificates } from './certificates';
import { ask, systems } from './checkImage';
import { everything, pairwiseListeners } from './options';

let certificates: Certificates;
beforeAll(async () => {
  certificates = await makeCertificates();
});

/** The files, with those that a host makes for itself. */
const contents = (files: readonly HostFile[]) => ({
  ...Object.fromEntries(files.map((file) => [file.path, file.content])),
  '/run/haproxy/mqtts-tickets.keys': ticketKeys,
  '/run/haproxy/wss-tickets.keys': ticketKeys,
});

function view(system: (typeof systems)[number], changes: Partial<BalancerView>): BalancerView {
  return balancerView({
    operatingSystem: system.os,
    haproxyVersion: system.haproxyVersion,
    keepalivedVersion: system.keepalivedVersion,
    tls: { minVersion: 'TLSv1.2', certificateChain: certificates.certificate, ticketLifetimeSeconds: 86_400 },
    ...changes,
  });
}

describe.each(systems)('on $os', (system) => {
  it('haproxy -c accepts every pair of options, without a warning', async () => {
    for (const { description, changes } of pairwiseListeners(certificates)) {
      const files = contents(balancerFiles(view(system, changes)));
      const verdict = await ask(system.os, ['haproxy', '-c', '-f', '/etc/haproxy/haproxy.cfg'], {
        ...files,
        '/etc/haproxy/certs/server.pem.key': certificates.key,
      });
      expect(verdict, description).toMatchObject({ exitCode: 0 });
      expect(verdict.said, description).not.toMatch(/WARNING|ALERT/);
    }
  });

  it('haproxy -c also accepts what is rendered for HAProxy 2.4, 2.8 and 3.2', async () => {
    for (const haproxyVersion of ['2.4', '2.8', '3.2']) {
      const files = contents(balancerFiles(view(system, { ...everything(certificates), haproxyVersion })));
      const verdict = await ask(system.os, ['haproxy', '-c', '-f', '/etc/haproxy/haproxy.cfg'], {
        ...files,
        '/etc/haproxy/certs/server.pem.key': certificates.key,
      });
      expect(verdict, haproxyVersion).toMatchObject({ exitCode: 0 });
    }
  });

  it('keepalived -t accepts every mode of the virtual IP, silently', async () => {
    const modes: BalancerView['virtualIp'][] = [
      balancerView().virtualIp,
      { mode: 'route', address: '10.99.0.1', routeTableIds: ['rtb-1'], interfaceId: 'eni-1' },
      { mode: 'privateIp', address: '10.20.0.30', subnetId: 'subnet-1', interfaceId: 'eni-1' },
    ];
    for (const virtualIp of modes) {
      for (const preempt of [false, true]) {
        const files = contents(
          balancerFiles(view(system, { virtualIp, keepalived: { ...balancerView().keepalived, preempt } })),
        );
        const folders = { '/run/emqx-haproxy/fault/haproxy': '0\n', '/run/emqx-haproxy/fault/vip': '0\n' };
        const verdict = await ask(system.os, ['keepalived', '-t', '-f', '/etc/keepalived/keepalived.conf'], {
          ...files,
          ...folders,
        });
        expect(verdict, `${virtualIp.mode} ${String(preempt)}`).toEqual({ exitCode: 0, said: '' });
      }
    }
  });

  it("cloud-init's schema accepts the user data of both roles", async () => {
    const repository = {
      name: 'emqx',
      url: 'https://repository.example/debian',
      keyUrl: 'https://repository.example/key',
      suite: 'trixie',
      component: 'main',
    };
    const hosts = [
      { hostname: 'balancer-a', packages: ['haproxy', 'keepalived'], aptRepositories: [], files: balancerFiles(view(system, {})) },
      { hostname: 'broker-1', packages: ['emqx=5.8.9'], aptRepositories: [repository], files: brokerFiles(brokerView()) },
    ];
    for (const host of hosts) {
      const { text } = userData({ operatingSystem: system.os, ...host });
      const verdict = await ask(system.os, ['cloud-init', 'schema', '--config-file', '/user-data'], { '/user-data': text });
      expect(verdict, host.hostname).toMatchObject({ exitCode: 0 });
      expect(verdict.said).not.toMatch(/[Ww]arning|[Dd]eprecat/);
    }
  });
});

describe('a program that travels', () => {
  it('has the syntax tree of its source, docstrings and types of functions aside', async () => {
    const files = [...balancerFiles(balancerView()), ...brokerFiles(brokerView())].filter((file) => file.path.endsWith('.py'));
    const unique = new Map(files.map((file) => [`host/${file.path.replace(/^.*\//, '')}`, file.content]));
    const said = await python(compareTrees, JSON.stringify(Object.fromEntries(unique)));
    expect(said).toBe(`${unique.size} equal\n`);
  });
});

const compareTrees = `
import ast, json, sys
def tree(text):
    parsed = ast.parse(text)
    for node in ast.walk(parsed):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    return ast.dump(parsed)
files = json.load(sys.stdin)
print(sum(tree(open(path).read()) == tree(text) for path, text in files.items()), "equal")
`;

async function python(program: string, input: string): Promise<string> {
  const child = spawn('python3', ['-c', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(input);
  let said = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) said += String(chunk);
  return said;
}
