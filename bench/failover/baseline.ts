import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { machineNamed } from '../../lab/commands/machines';
import { machineFiles, labPlaces } from '../../lab/machines/places';
import { paths } from '../../lab/paths';
import { run } from '../../lab/process';
import type { Target } from '../../proving/pair/target';

/** What boto3 is made of. */
const packages = ['boto3', 'botocore', 'dateutil', 'jmespath', 's3transfer', 'urllib3', 'six.py'];

/**
 * Puts what the public examples have in place of our watcher and agent, on the lab's hosts: Keepalived's defaults
 * (an advert a second), HAProxy checked by a script every two seconds, and a notify script that starts Python with
 * boto3. Both begin as backup and none preempts, as in ours, so that the two are compared by takeovers alone.
 */
export async function installBaseline(target: Target): Promise<void> {
  const site = await sitePackages();
  for (const [index, balancer] of target.balancers.entries()) {
    const { instanceId } = await machineNamed(balancer);
    const root = machineFiles(labPlaces, instanceId).root;
    for (const name of packages)
      await cp(join(site, name), join(root, 'opt/boto3', name), { recursive: true });
    await target.shell(balancer, installation(101 - index));
  }
}

/** Moto, the lab's own AWS API, brings boto3. */
async function sitePackages(): Promise<string> {
  const print = 'import boto3, os; print(os.path.dirname(os.path.dirname(boto3.__file__)))';
  return (await run(join(paths.venv, 'bin', 'python'), ['-c', print])).trim();
}

function installation(priority: number): string {
  return `set -e
value() { awk "\\$1 == \\"$1\\" { print \\$2; exit }" /etc/keepalived/keepalived.conf; }
own=$(value unicast_src_ip)
peer=$(awk '/unicast_peer/ { getline; print $1; exit }' /etc/keepalived/keepalived.conf)
advertised=$(awk '/virtual_ipaddress/ { getline; print $1; exit }' /etc/keepalived/keepalived.conf)
private=$(sed -n 's/.*"privateAddress": *"\\([^"]*\\)".*/\\1/p' /etc/emqx-haproxy/aws.json)
for unit in vip-agent haproxy-watch; do
  mkdir -p /etc/systemd/system/$unit.service.d
  printf '[Unit]\\nConditionPathExists=/nowhere\\n' >/etc/systemd/system/$unit.service.d/bench.conf
done
# Our stop sends the clients away and refuses new ones until vip-agent admits them, which does not run here.
for unit in haproxy keepalived; do
  printf '[Service]\\nExecStop=\\n' >/etc/systemd/system/$unit.service.d/later-than-ours.conf
done
cat >/etc/keepalived/takeover.py <<'END'
import json

import boto3

settings = json.load(open("/etc/emqx-haproxy/aws.json"))
vip = settings["virtualIp"]
boto3.client("ec2", region_name=settings["region"]).associate_address(
    AllocationId=vip["allocationId"],
    NetworkInterfaceId=vip["interfaceId"],
    PrivateIpAddress=vip["privateAddress"],
    AllowReassociation=True,
)
END
cat >/etc/keepalived/takeover.sh <<'END'
#!/bin/sh
logger "takeover begins"
export PYTHONPATH=/opt/boto3 AWS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt
python3 /etc/keepalived/takeover.py && logger "claimed in a script"
END
chmod 755 /etc/keepalived/takeover.sh
cat >/etc/keepalived/keepalived.conf <<END
global_defs {
    script_user root
    enable_script_security
}
vrrp_script haproxy {
    script "/usr/bin/systemctl is-active --quiet haproxy"
    interval 2
}
vrrp_instance VIP {
    state BACKUP
    nopreempt
    interface ens5
    virtual_router_id 51
    priority ${priority}
    advert_int 1
    unicast_src_ip $own
    unicast_peer {
        $peer
    }
    virtual_ipaddress {
        $advertised dev lo
    }
    virtual_ipaddress_excluded {
        $private/32 dev lo
    }
    track_script {
        haproxy
    }
    notify_master /etc/keepalived/takeover.sh
}
END
systemctl daemon-reload
systemctl stop vip-agent haproxy-watch
systemctl restart keepalived`;
}
