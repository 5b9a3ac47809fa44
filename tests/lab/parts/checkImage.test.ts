import { describe, expect, it } from 'vitest';
import { runInCheckImage } from '../../../proving/checkImage';

const haproxyConfiguration = `
defaults
  mode tcp
  timeout connect 1s
  timeout client 1s
  timeout server 1s
frontend mqtt
  bind :1883
  default_backend brokers
backend brokers
  server one 10.0.0.1:1883
`;

const keepalivedConfiguration = `
vrrp_instance vip {
  interface ens5
  virtual_router_id 51
  priority 100
  virtual_ipaddress { 10.0.0.9/32 }
}
`;

describe.each(['debian-12', 'debian-13'] as const)('the check image of %s', (os) => {
  const checkHaproxy = (content: string) =>
    runInCheckImage(os, ['haproxy', '-c', '-f', '/etc/haproxy/haproxy.cfg'], {
      files: { '/etc/haproxy/haproxy.cfg': content },
    });
  const checkKeepalived = (content: string) =>
    runInCheckImage(os, ['keepalived', '-t', '-f', '/etc/keepalived/keepalived.conf'], {
      files: { '/etc/keepalived/keepalived.conf': content },
    });
  const checkUserData = (content: string) =>
    runInCheckImage(os, ['cloud-init', 'schema', '--config-file', '/root/user-data'], {
      files: { '/root/user-data': content },
    });

  it('has the HAProxy that the operating system has', async () => {
    const { stdout } = await runInCheckImage(os, ['haproxy', '-v']);
    expect(stdout).toContain(os === 'debian-12' ? 'version 2.6' : 'version 3.0');
  });

  it('tells a right haproxy.cfg from a wrong one', async () => {
    expect(await checkHaproxy(haproxyConfiguration)).toMatchObject({ exitCode: 0 });
    const refused = await checkHaproxy(`${haproxyConfiguration}  balance nonsense\n`);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('balance only supports');
  });

  it('tells a right keepalived.conf from a wrong one', async () => {
    expect(await checkKeepalived(keepalivedConfiguration)).toMatchObject({ exitCode: 0 });
    const refused = await checkKeepalived(keepalivedConfiguration.replace('ens5', 'ens6'));
    expect(refused.exitCode).not.toBe(0);
  });

  it('tells right user data from wrong', async () => {
    expect(await checkUserData('#cloud-config\npackages: [haproxy]\n')).toMatchObject({ exitCode: 0 });
    const refused = await checkUserData('#cloud-config\npackages: {}\n');
    expect(refused.exitCode).toBe(1);
  });

  it('forgets the files of the run before', async () => {
    await checkHaproxy(haproxyConfiguration);
    const { stdout } = await runInCheckImage(os, ['grep', '-c', 'bind :1883', '/etc/haproxy/haproxy.cfg']);
    expect(stdout.trim()).toBe('0');
  });

  it('has no way to anywhere', async () => {
    const { stdout } = await runInCheckImage(os, ['ip', '-brief', 'link']);
    expect(stdout.match(/^\S+/gm)).toEqual(['lo', 'nowhere@ens5', 'ens5@nowhere']);
    expect((await runInCheckImage(os, ['ip', 'route'])).stdout).toBe('');
  });
});
