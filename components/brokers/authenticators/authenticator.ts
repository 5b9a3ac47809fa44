import type * as pulumi from '@pulumi/pulumi';
import type { HoconObject } from '../hocon';
import type { ServerFile, ServerPort } from './server';

/** One link of EMQX's chain of authenticators. */
export interface PlannedAuthenticator {
  /** EMQX's settings but for the secret ones: these are on view in a preview. */
  readonly settings: AuthenticatorSettings;
  /** The secret settings, by their path below the authenticator. */
  readonly secrets: readonly SecretSetting[];
  /** Files that the settings name. */
  readonly files: readonly ServerFile[];
  /** What brokers must reach for it. */
  readonly reaches: readonly ServerPort[];
  /** Whether a client that it lets in is who its user name says. */
  readonly provesUsername: boolean;
}

/** EMQX tells its authenticators apart by these two. */
export type AuthenticatorSettings = HoconObject & { readonly mechanism: string; readonly backend?: string };

/** A setting whose value only the hosts see. */
export interface SecretSetting {
  readonly path: readonly string[];
  readonly value: pulumi.Input<string>;
}
