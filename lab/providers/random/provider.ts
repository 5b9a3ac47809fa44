import { providerOfKinds } from '../kinds';
import { sdkVersion } from '../sdkVersion';
import { randomBytes, randomId, randomInteger, randomUuid } from './bytes';
import { randomPassword, randomString } from './characters';

/** The lab's stand-in for Pulumi's random provider. */
export const randomProvider = providerOfKinds(sdkVersion('@pulumi/random'), {
  'random:index/randomBytes:RandomBytes': randomBytes,
  'random:index/randomId:RandomId': randomId,
  'random:index/randomInteger:RandomInteger': randomInteger,
  'random:index/randomPassword:RandomPassword': randomPassword,
  'random:index/randomString:RandomString': randomString,
  'random:index/randomUuid:RandomUuid': randomUuid,
});
