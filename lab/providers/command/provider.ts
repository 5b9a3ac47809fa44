import { providerOfKinds } from '../kinds';
import { sdkVersion } from '../sdkVersion';
import { localCommand } from './local';
import { remoteCommand } from './remote';

/** The lab's stand-in for Pulumi's command provider. */
export const commandProvider = providerOfKinds(sdkVersion('@pulumi/command'), {
  'command:local:Command': localCommand,
  'command:remote:Command': remoteCommand,
});
