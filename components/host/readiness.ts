import { stayAfterAll } from './leaving';

export const sudoPython = 'sudo /usr/bin/python3 /usr/local/lib/emqx-haproxy';

/** What a host that boots is waited for. Exit code 2 of `cloud-init status` is a warning, such as a kernel setting that a container refuses. */
export function waitUntilReady(hostname: string): string {
  return [
    'code=0; sudo cloud-init status --wait >/dev/null || code=$?',
    // What a first boot leaves once it has its files: the set that comes next finishes it.
    'if sudo test -e /var/lib/emqx-haproxy/run.json; then',
    `  echo "${hostname}: its first boot did not end; applying its set takes it up"; exit 0`,
    'fi',
    'if [ "$code" -ne 0 ] && [ "$code" -ne 2 ]; then',
    `  echo "${hostname}: its first boot failed before it had its files, which no later set takes up: mend the cause, then replace the instance" >&2`,
    '  echo "(pulumi up --replace URN). The end of /var/log/cloud-init-output.log, which EC2 shows too by" >&2',
    '  echo "aws ec2 get-console-output --latest --instance-id $(cat /var/lib/cloud/data/instance-id):" >&2',
    '  sudo tail -n 25 /var/log/cloud-init-output.log >&2; exit 1',
    'fi',
    stayAfterAll,
    `for _ in $(seq 60); do problems=$(${sudoPython}/health.py) && exit 0; sleep 2; done`,
    `echo "${hostname}: not healthy after two minutes: $problems; the end of its journal:" >&2`,
    'sudo journalctl --no-pager -n 25 -p notice >&2; exit 1',
  ].join('\n');
}
