import { checkAccess } from '../../components/brokers/access';
import type { AuthenticatorArgs, PlannedAuthentication } from '../../components/brokers/authentication';
import { planAuthentication } from '../../components/brokers/authentication';
import type { AuthorizationArgs, PlannedAuthorization } from '../../components/brokers/authorization';
import { planAuthorization } from '../../components/brokers/authorization';
import type { Listener } from '../../components/listeners/listener';
import { Problems } from '../../components/rendering/problems';
import { certificate, listener } from '../../proving/views';

export const allowAll: AuthorizationArgs = { rules: [{ permission: 'allow', topics: ['${username}/#'] }] };
export const named = (identity: 'username' | 'clientid'): Partial<Listener> => ({
  clientCertificates: { verify: 'required', ca: certificate, identity },
});

/** Who may connect and do what, as a cluster plans it, and each thing that is wrong with it. */
export function plan(
  authenticators: AuthenticatorArgs[],
  authorization?: AuthorizationArgs,
  listeners: Listener[] = [listener('mqtts')],
): {
  readonly authentication: PlannedAuthentication;
  readonly rules: PlannedAuthorization;
  readonly told: readonly string[];
} {
  const problems = new Problems();
  const authentication = planAuthentication(authenticators, listeners, 'emqx.authentication', problems);
  const rules = planAuthorization(authorization ?? {}, 'emqx.authorization', problems);
  checkAccess(listeners, { authentication, authorization: rules }, authorization, problems);
  return { authentication, rules, told: problems.all.map(({ path, reason }) => `${path} ${reason}`) };
}

export const refused = (...given: Parameters<typeof plan>) => plan(...given).told.join('\n');
