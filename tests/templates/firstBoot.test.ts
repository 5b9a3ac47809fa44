import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { brokerFiles } from '../../components/brokers/files';
import { userData } from '../../components/host/userData';
import { brokerView } from '../../proving/views';
import { systems, type System } from '../../proving/checkImage';
import { ask } from './checkImage';

/** What first-boot calls, written down; each answers as a test asks. */
const recorded = (name: string, then = 'exit 0') => `#!/bin/sh\necho "called: ${name} $*"\n${then}\n`;

const dropIn = '/etc/systemd/system/ssh.service.d/host-key.conf';
const failsOnce = '[ -e /tmp/failed ] && exit 0; touch /tmp/failed; exit 1';

/** Runs the first boot of a host, whose programs and commands are stubs; the package system is the real one. */
async function firstBoot(
  system: System,
  packages: readonly string[],
  stubs: { readonly python3?: string; readonly 'apt-get'?: string; readonly sleep?: string },
  aptRepositories: Parameters<typeof userData>[0]['aptRepositories'] = [],
  prepare = ':',
) {
  const { text } = userData({
    hostname: 'broker-1',
    operatingSystem: system.os,
    packages,
    aptRepositories,
    files: brokerFiles(brokerView()),
    programsArns: ['arn:aws:secretsmanager:eu-central-1:123456789012:secret:programs'],
  });
  const { write_files: files } = parse(text) as { write_files: { path: string; content: string }[] };
  const silent = { python3: '', 'apt-get': '', systemctl: '', 'apt-mark': '', sleep: '' };
  const commands = { ...silent, 'ssh-keygen': 'echo 256 SHA256:abc', ...stubs };
  const script = [
    `${prepare} || exit 99`,
    'chmod +x /stubs/*; mkdir -p /etc/ssh; touch /etc/ssh/ssh_host_ecdsa_key.pub',
    'PATH=/stubs:$PATH sh /var/lib/emqx-haproxy/first-boot; code=$?',
    `[ ! -e ${dropIn} ] || echo "drop-in stays"; exit $code`,
  ];
  return ask(system, ['sh', '-c', script.join('\n')], {
    ...Object.fromEntries(files.map(({ path, content }) => [path, content])),
    ...Object.fromEntries(
      Object.entries(commands).map(([name, then]) => [`/stubs/${name}`, recorded(name, then)]),
    ),
    [dropIn]: '[Unit]\nConditionPathExists=/etc/ssh/ssh_host_ed25519_key\n',
  });
}

const getsKey = 'case "$*" in *--ssh-key*) touch /etc/ssh/ssh_host_ed25519_key;; esac';

describe.each(systems)('a first boot on $image', (system) => {
  it('has its own SSH key before anything is asked of a package repository', async () => {
    const { exitCode, said } = await firstBoot(system, ['emqx=5.8.9'], {
      python3: getsKey,
      'apt-get': 'exit 100',
    });
    expect(exitCode).not.toBe(0);
    expect(said.indexOf('apply_config.py --ssh-key')).toBeGreaterThan(-1);
    expect(said.indexOf('apply_config.py --ssh-key')).toBeLessThan(said.indexOf('called: apt-get'));
    expect(said).toContain('first boot failed at: packages emqx');
    expect(said).toContain('drop-in stays');
    expect(said).not.toContain('apply_config.py --boot');
  });

  it('that gets no secret lets sshd answer with a key whose fingerprint it prints', async () => {
    const { exitCode, said } = await firstBoot(system, ['haproxy'], { python3: 'exit 1' });
    expect(exitCode).toBe(1);
    expect(said).toContain('first boot failed at: the SSH key (exit 1)');
    expect(said).toContain('called: systemctl restart ssh');
    expect(said).toMatch(/sshd has a key of its own: called: ssh-keygen -lf \S+\n256 SHA256:abc/);
    expect(said).not.toContain('drop-in stays');
  });

  it("that meets a repository whose key apt refuses names the argument, after apt's own words", async () => {
    const repository = { name: 'emqx', url: 'https://x.example/debian', keyUrl: 'https://x.example/key' };
    const { exitCode, said } = await firstBoot(
      system,
      ['emqx=5.8.9'],
      {
        python3: getsKey,
        'apt-get': 'case "$*" in *update) echo "Signing key on 12AB is not bound: SHA1"; exit 100;; esac',
      },
      [{ ...repository, suite: 'trixie', component: 'main' }],
    );
    expect(exitCode).not.toBe(0);
    expect(said).toContain('is not bound: SHA1\nemqx-haproxy: gave up on: apt-get');
    expect(said).toContain(
      'first boot failed at: apt-get update (emqx.repository: out of reach, or its key is none that this system accepts)',
    );
    expect(said).not.toContain('called: apt-get -qq -y');
  });

  it('asks no repository for packages that the image has', async () => {
    const { exitCode, said } = await firstBoot(system, ['haproxy', 'keepalived'], { python3: getsKey });
    expect(said).not.toContain('called: apt-get');
    expect(said).toContain('called: apt-mark hold keepalived');
    expect(said).toContain('apply_config.py --boot');
    expect(exitCode).toBe(0);
  });

  it('asks one for a version that the image has not, and again while something else holds its lock', async () => {
    const { said } = await firstBoot(system, ['haproxy=0.1'], {
      python3: getsKey,
      'apt-get': `case "$*" in *install*) ${failsOnce};; esac`,
    });
    expect(said.match(/called: apt-get .*install haproxy=0\.1/g)).toHaveLength(2);
    expect(said).toContain('first boot failed at: packages haproxy');
  });

  it.each(['/var/lib/apt/lists/lock', '/var/lib/dpkg/lock-frontend'])(
    'waits while something else has locked %s, and has its packages then',
    async (lock) => {
      const { exitCode, said } = await firstBoot(
        system,
        ['emqx=5.8.9'],
        { python3: getsKey, 'apt-get': 'exec /usr/bin/apt-get "$@"', sleep: 'exec /bin/sleep 0.2' },
        [],
        `${repositoryOfOne} && ${holds(lock)}`,
      );
      expect(said).toContain('the lock was wanted twice');
      expect(said).toContain('emqx 5.8.9 installed');
      expect(said).toContain('apply_config.py --boot');
      expect(exitCode, said).toBe(0);
    },
  );
});

/** A package that the image has not, where apt reads it and nothing else. */
const repositoryOfOne = [
  'mkdir -p /srv/tree/DEBIAN && cd /srv',
  String.raw`printf 'Package: emqx\nVersion: 5.8.9\nArchitecture: all\nMaintainer: nobody\nDescription: a broker\n' >tree/DEBIAN/control`,
  'dpkg-deb --root-owner-group -Znone --build tree emqx_5.8.9_all.deb >/dev/null',
  String.raw`{ dpkg-deb --field emqx_5.8.9_all.deb; printf 'Filename: ./emqx_5.8.9_all.deb\nSize: %s\nSHA256: %s\n' "$(stat -c %s emqx_*.deb)" "$(sha256sum emqx_*.deb | cut -d' ' -f1)"; } >Packages`,
  'rm -rf /etc/apt/sources.list.d/* && echo "deb [trusted=yes] file:/srv ./" >/etc/apt/sources.list && cd /',
].join(' && ');

/** Locks as apt does, until somebody else has opened the file twice: who was refused once and has come again. */
const holdingUntilWantedTwice = `
import ctypes, fcntl, os, sys
lock = open(sys.argv[1], "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
libc, opened, event_bytes = ctypes.CDLL(None), 0x20, 16
watch = libc.inotify_init1(0)
libc.inotify_add_watch(watch, sys.argv[1].encode(), opened)
open("/tmp/held", "w").close()
wanted = 0
while wanted < 2:
    wanted += len(os.read(watch, event_bytes)) // event_bytes
print("the lock was wanted twice", flush=True)
`;

function holds(lock: string): string {
  return `{ /usr/bin/python3 -c '${holdingUntilWantedTwice}' ${lock} & } && until [ -e /tmp/held ]; do :; done`;
}
