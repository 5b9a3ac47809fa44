import { describe, expect, it } from 'vitest';
import { parsePreview } from '../../../preview/pulumiPreview';
import { reportOf, type ReportedHost } from '../../../preview/report';
import { activeBalancer, configure, instanceIds, lab, labOk, onHost, outputs } from './lab';
import { connectOnce } from './mqtt';

/** Later changes reach running hosts, shown line by line before. */
export function changes(): void {
  describe('a second up without changes', () => {
    it('says so and touches nothing', async () => {
      const before = await instanceIds();
      const stdout = await labOk('up');
      expect(stdout).toMatch(/^ *\d+ unchanged$/m);
      expect(stdout).not.toMatch(/created|updated|replaced|deleted/);
      expect(await instanceIds()).toEqual(before);
    });
  });

  describe('a changed setting', () => {
    it('is a line in the preview, and reaches the hosts without a lost connection or a new instance', async () => {
      const before = await instanceIds();
      const stack = await outputs();
      const client = await connectOnce(stack);
      const undo = configure({ haproxy: { maxKeepaliveSeconds: 600 } });
      try {
        const preview = await labOk('preview');
        expect(preview).toMatch(/^ *- +timeout tunnel +\S+/m);
        expect(preview).toMatch(/^ *\+ +timeout tunnel +\S+/m);
        expect(preview).not.toContain('aws:ec2/instance:Instance');
        const active = `mqtt-${await activeBalancer()}`;
        const told = (await toldToReviewers()).filter(({ name }) => name.includes('haproxy'));
        expect(told.map(({ name }) => name === active)).toEqual([false, true]);
        for (const { happens, clients } of told)
          expect({ happens, clients }).toEqual({ happens: 'reloads haproxy', clients: 'nobody is cut' });
        await labOk('up');
        expect(client.connected).toBe(true);
        expect(await instanceIds()).toEqual(before);
        await labOk('verify');
      } finally {
        undo();
        await client.endAsync(true);
      }
    });

    it('goes back by the same way', async () => {
      await labOk('up');
      await labOk('verify');
    });

    it('that HAProxy refuses on the host leaves the host as it was', async () => {
      const active = await activeBalancer();
      const config = '/etc/haproxy/haproxy.cfg';
      const before = await onHost(active, 'sha256sum', config);
      const withNonsense = "sed '/^=== .*haproxy[.]cfg /a nonsense' /var/lib/emqx-haproxy/current.set";
      const apply = 'python3 /usr/local/lib/emqx-haproxy/apply_config.py';
      const { code, stderr } = await lab('exec', active, '--', 'sh', '-c', `${withNonsense} | ${apply}`);
      expect(code).toBe(1);
      expect(stderr).toContain('nonsense');
      expect(await onHost(active, 'sha256sum', config)).toBe(before);
      await labOk('verify');
    });
  });

  describe('a wrong configuration', () => {
    it('is refused with every problem at once, before anything is touched', async () => {
      const undo = configure({
        emqx: { brokers: 0 },
        listeners: { mqtt: {}, mqtts: { port: 1883 } },
        listener: {},
      });
      try {
        const { code, stdout, stderr } = await lab('up');
        expect(code).not.toBe(0);
        const said = stdout + stderr;
        expect(said).toContain('listener: is no known setting');
        expect(said).toContain('emqx.brokers: is 0; a whole number from 1 to 28 brokers is allowed');
        expect(said).toContain('listeners.mqtts.port: is 1883, which listeners.mqtt uses already');
        expect(stdout).not.toMatch(/created|updated|replaced|deleted/);
      } finally {
        undo();
      }
    });
  });

  describe('an added broker', () => {
    it('shows its server line in the preview, joins, and leaves the others as they are', async () => {
      const before = await instanceIds();
      configure({ emqx: { brokers: 4, dataVolumeGib: 1 } });
      const preview = await labOk('preview');
      expect(preview).toMatch(/^ *\+ +server emqx-4 /m);
      const told = await toldToReviewers();
      expect(told).toContainEqual({
        name: 'mqtt-emqx-4',
        happens: 'is new: boots and joins',
        clients: 'nobody is cut',
      });
      expect(told.filter(({ clients }) => clients !== 'nobody is cut')).toEqual([]);
      await labOk('up');
      const after = await instanceIds();
      expect(after).toMatchObject(before);
      expect(Object.keys(after)).toContain('emqx-4');
      await labOk('verify');
    });
  });

  describe('a removed broker', () => {
    it('leaves its cluster before its instance goes, and the others as they are', async () => {
      const { 'emqx-4': gone, ...others } = await instanceIds();
      expect(gone).toBeDefined();
      configure({ emqx: { brokers: 3, dataVolumeGib: 1 } });
      expect(await labOk('up')).toMatch(/emqx-4-leave .*left the cluster/);
      expect(await instanceIds()).toEqual(others);
      const status = await onHost('emqx-1', 'emqx', 'ctl', 'cluster', 'status', '--json');
      expect(JSON.parse(status)).toMatchObject({ stopped_nodes: [] });
      await labOk('verify');
    });
  });
}

/** What `npm run preview` says of the hosts. */
async function toldToReviewers(): Promise<readonly ReportedHost[]> {
  return reportOf(parsePreview(await labOk('pulumi', '--', 'preview', '--json'))).hosts;
}
