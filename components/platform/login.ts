import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import * as tls from '@pulumi/tls';
import type { Tags } from '../rendering/naming';
import { tagged } from '../rendering/naming';

/** How to log in to every host of a platform. */
export interface Login {
  readonly keyName: pulumi.Output<string>;
  /** Secret. */
  readonly privateKey: pulumi.Output<string>;
}

/** The key pair for logging in: made here, so that `pulumi up` and `verify` need nothing from the machine they run on. */
export function loginKey(name: string, tags: Tags | undefined, parent: pulumi.Resource): Login {
  const key = new tls.PrivateKey(`${name}-login-key`, { algorithm: 'ED25519' }, { parent });
  const pair = new aws.ec2.KeyPair(
    `${name}-login`,
    { publicKey: key.publicKeyOpenssh, tags: tagged(name, `${name}-login`, tags) },
    { parent },
  );
  return { keyName: pair.keyName, privateKey: pulumi.secret(key.privateKeyOpenssh) };
}
