import { sdkClients } from './clients';
import { functionTypes } from './functions';
import { AwsProvider } from './provider';
import { resourceTypes } from './resources';
import { serve } from './server';

// The project supports Node 20, and every `up` would print the SDK's farewell to it.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

serve(new AwsProvider(resourceTypes, functionTypes, sdkClients));
