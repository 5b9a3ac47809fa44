import { providerOfKinds } from '../kinds';
import { sdkVersion } from '../sdkVersion';
import { certRequest } from './certRequest';
import { locallySignedCert } from './locallySignedCert';
import { privateKey } from './privateKey';
import { selfSignedCert } from './selfSignedCert';

/** The lab's stand-in for Pulumi's tls provider. */
export const tlsProvider = providerOfKinds(sdkVersion('@pulumi/tls'), {
  'tls:index/certRequest:CertRequest': certRequest,
  'tls:index/locallySignedCert:LocallySignedCert': locallySignedCert,
  'tls:index/privateKey:PrivateKey': privateKey,
  'tls:index/selfSignedCert:SelfSignedCert': selfSignedCert,
});
