import type { HoconObject } from '../hocon';
import type { ServerFile, ServerPort } from './server';

/** One link of EMQX's chain of authenticators. */
export interface PlannedAuthenticator {
  /** EMQX's settings but for the secret ones: these are on view in a preview. */
  readonly settings: AuthenticatorSettings;
  /** Files that the settings name. */
  readonly files: readonly ServerFile[];
  /** What brokers must reach for it. */
  readonly reaches: readonly ServerPort[];
  /** Whether a client that it lets in is who its user name says. */
  readonly provesUsername: boolean;
}

/** EMQX tells its authenticators apart by these two. */
export type AuthenticatorSettings = HoconObject & { readonly mechanism: string; readonly backend?: string };
