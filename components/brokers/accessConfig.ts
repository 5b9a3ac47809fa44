import type { FileChange, HostFile } from '../host/fileSet';
import { aclFile } from './aclFile';
import type { AuthenticatorSettings } from './authenticators/authenticator';
import { emqxFolder } from './authenticators/server';
import { settingsOf } from './authentication';
import { brokerListeners } from './brokerListeners';
import type { HoconObject } from './hocon';
import { renderHocon } from './hocon';
import type { BrokerView } from './view';

/** Who may connect and what they may do, in files of their own: EMQX takes a change of them while it runs. */
export const accessFile = `${emqxFolder}/access.hocon`;
const rulesFile = `${emqxFolder}/acl.conf`;

export function accessFiles(view: BrokerView): readonly HostFile[] {
  const { chains, files } = view.authentication;
  const { noMatch, denyAction } = view.authorization;
  const hasAnonymous = view.listeners.some(({ anonymous }) => anonymous === true);
  const settings = {
    authentication: settingsOf(view.authentication, chains.common),
    ...ownChains(view),
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

/** Of the listeners that have one. */
function ownChains({ authentication, listeners, encryption }: BrokerView): HoconObject {
  const { own } = authentication.chains;
  const found: Record<string, Record<string, HoconObject>> = {};
  for (const { listener, transport, name } of brokerListeners(listeners, encryption?.step ?? 'none')) {
    const chain = own[listener.name];
    if (chain !== undefined)
      found[transport] = {
        ...found[transport],
        [name]: { authentication: settingsOf(authentication, chain) },
      };
  }
  return Object.keys(found).length === 0 ? {} : { listeners: found };
}

/**
 * What a broker reads back from EMQX: a link of the brokers' chain that EMQX could not make is found so. Those of
 * listeners EMQX tells nobody; who would be let in by one that could not be made is turned away.
 */
export function expectedAccess(view: BrokerView): Readonly<Record<string, unknown>> {
  const name = ({ mechanism, backend }: AuthenticatorSettings) =>
    backend === undefined ? mechanism : `${mechanism}:${backend}`;
  return {
    authentication: settingsOf(view.authentication, view.authentication.chains.common).map(name),
    noMatch: view.authorization.noMatch,
  };
}

function file(path: string, content: string): HostFile {
  const change: FileChange = { kind: 'reload', unit: 'emqx' };
  return { path, content, mode: '0640', owner: 'root:emqx', change };
}
