import { describe, expect, it, vi } from 'vitest';
import type { ChangingStack } from '../../../proving/changes/changingStack';

const balancers = ['haproxy-1', 'haproxy-2'];
const setting = { maxKeepaliveSeconds: 540 };
const config = '/etc/haproxy/haproxy.cfg';
/** Stands in for HAProxy where it checks a file before a reload. */
const inTheWay = `cp /usr/sbin/haproxy /usr/local/sbin/haproxy.own
cat >/usr/local/sbin/in-the-way <<'END'
#!/bin/sh
case "$*" in *" -q "*) ! cmp -s ${config} /usr/local/share/former.cfg && echo "a new file is not taken here" >&2 && exit 1; esac
exec /usr/local/sbin/haproxy.own "$@"
END
chmod 755 /usr/local/sbin/in-the-way
cp ${config} /usr/local/share/former.cfg
mount --bind /usr/local/sbin/in-the-way /usr/sbin/haproxy`;
/** A host takes back what nobody confirms within three minutes. */
const takenBackWithinMs = 240_000;

/** Both balancers have a set, or neither has. */
export function together(stack: ChangingStack): void {
  describe('a set that fails on the second balancer', () => {
    it('is taken back on the first, loses no message, and goes through once the cause is mended', async () => {
      const second = await stack.holder();
      if (second === undefined) throw new Error('no balancer says that it holds the virtual IP');
      const first = balancers.find((name) => name !== second) ?? '';
      const former = await onBoth(stack);
      await stack.lab('exec', second, '--', 'sh', '-c', inTheWay);

      const { ran, lost } = await stack.measured(20, { haproxy: setting });
      expect(ran.code).not.toBe(0);
      const said = ran.stdout + ran.stderr;
      expect(said).toMatch(new RegExp(`${second}-files`));
      expect(said).toContain('systemctl reload-or-restart haproxy: Job for haproxy.service failed');
      expect(said).toContain('the former set is back');
      await vi.waitFor(async () => expect(await onBoth(stack)).toEqual(former), {
        timeout: takenBackWithinMs,
        interval: 2_000,
      });
      expect(lost).toBe(0);
      await stack.lab('verify');

      await stack.lab('exec', second, '--', 'umount', '/usr/sbin/haproxy');
      await stack.lab('up');
      const [one, other] = await onBoth(stack);
      expect(one).not.toBe(former[0]);
      expect(other).not.toBe(former[1]);
      await stack.lab('verify');
      expect(
        await stack.lab('exec', first, '--', 'test', '!', '-e', '/var/lib/emqx-haproxy/taken-back.set'),
      ).toBe('');
    }, 600_000);
  });
}

/** What each runs by. */
async function onBoth(stack: ChangingStack): Promise<readonly string[]> {
  return Promise.all(balancers.map((name) => stack.lab('exec', name, '--', 'cat', config)));
}
