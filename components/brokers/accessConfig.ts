import type { FileChange, HostFile } from '../host/fileSet';
import { aclFile } from './aclFile';
import type { AuthenticatorSettings } from './authenticators/authenticator';
import { emqxFolder } from './authenticators/server';
import { renderHocon } from './hocon';
import type { BrokerView } from './view';

/** Who may connect and what they may do, in files of their own: EMQX takes a change of them while it runs. */
export const accessFile = `${emqxFolder}/access.hocon`;
const rulesFile = `${emqxFolder}/acl.conf`;

export function accessFiles(view: BrokerView): readonly HostFile[] {
  const { chain, files } = view.authentication;
  const { noMatch, denyAction } = view.authorization;
  const hasAnonymous = view.listeners.some(({ anonymous }) => anonymous === true);
  const settings = {
    authentication: chain,
    authorization: {
      no_match: noMatch,
      deny_action: denyAction,
      sources: [{ type: 'file', enable: true, path: rulesFile }],
    },
  };
  return [
    file(accessFile, renderHocon(settings)),
    file(rulesFile, aclFile(view.authorization, hasAnonymous)),
    ...files.map(({ path, content }) => file(path, content)),
  ];
}

/** What a broker reads back from EMQX: a link of the chain that EMQX could not make would open it. */
export function expectedAccess(view: BrokerView): Readonly<Record<string, unknown>> {
  const name = ({ mechanism, backend }: AuthenticatorSettings) =>
    backend === undefined ? mechanism : `${mechanism}:${backend}`;
  return { authentication: view.authentication.chain.map(name), noMatch: view.authorization.noMatch };
}

function file(path: string, content: string): HostFile {
  const change: FileChange = { kind: 'reload', unit: 'emqx' };
  return { path, content, mode: '0640', owner: 'root:emqx', change };
}
