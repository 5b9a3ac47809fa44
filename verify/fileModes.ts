import { z } from 'zod';
import type { Finding, Survey } from './checks';
import { type Hosts, onEach } from './hosts';

interface Expected {
  readonly path: string;
  readonly mode: string;
  readonly owner: string;
}

/** The headers of a host's current set, then its secrets, then a line for each of their files. */
const script = `
headers=$(grep '^=== /' /var/lib/emqx-haproxy/current.set)
echo "$headers"
python3 -c 'import json
for each in json.load(open("/etc/emqx-haproxy/aws.json"))["secrets"]: print("secret", json.dumps(each))'
{ echo "$headers" | cut -d" " -f2
  python3 -c 'import json
for each in json.load(open("/etc/emqx-haproxy/aws.json"))["secrets"]: print(each["file"])'
} | xargs -d "\\n" stat --format="stat %a %U:%G %n" 2>/dev/null
true`;

/** Whether every file of a host, its secrets too, has the mode and owner that it should have. */
export async function surveyFileModes(hosts: Hosts): Promise<Survey> {
  const names = [...hosts.balancers, ...hosts.brokers];
  const answers = await onEach(hosts, names, () => `sudo -n sh -c '${script.replaceAll("'", `'\\''`)}'`);
  const judged = [...answers].map(([name, answer]) => judgeFileModes(name, answer));
  return {
    findings: judged.flatMap(({ findings }) => findings),
    proved: `${judged.reduce((sum, { secrets }) => sum + secrets, 0)} secrets among them`,
  };
}

const secret = z.object({ file: z.string(), mode: z.string(), owner: z.string() });

/** By what the script above prints. */
export function judgeFileModes(
  name: string,
  answer: string,
): { readonly findings: readonly Finding[]; readonly secrets: number } {
  const lines = answer.split('\n');
  const ofSet = lines.flatMap((line): Expected[] => {
    const [, path, mode, owner] = /^=== (\S+) mode=0*(\d+) owner=(\S+)/.exec(line) ?? [];
    return path === undefined || mode === undefined || owner === undefined ? [] : [{ path, mode, owner }];
  });
  const secrets = lines.flatMap((line): Expected[] => {
    if (!line.startsWith('secret ')) return [];
    const { file, mode, owner } = secret.parse(JSON.parse(line.slice('secret '.length)));
    return [{ path: file, mode: mode.replace(/^0+/, ''), owner }];
  });
  const found = new Map(
    lines.flatMap((line): [string, string][] => {
      const [, said, path] = /^stat (\d+ \S+) (.*)$/.exec(line) ?? [];
      return said === undefined || path === undefined ? [] : [[path, said]];
    }),
  );
  const findings = [...ofSet, ...secrets].flatMap(({ path, mode, owner }): Finding[] => {
    const seen = found.get(path);
    if (seen === `${mode} ${owner}`) return [];
    const text =
      seen === undefined
        ? `${name}: ${path} is not there; run \`pulumi up\``
        : `${name}: ${path} is ${seen}; \`chmod ${mode}\` and \`chown ${owner}\` it`;
    return [{ verdict: 'fail', text }];
  });
  return { findings, secrets: secrets.length };
}
