import type { AdapterPayload } from 'oidc-provider';
import type { App } from './apps.ts';
import { isNative } from './check-callback.ts';

export const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** An app as oidc-provider wants it (RFC 7591 §2). */
export function clientMetadata({ id, name, callbacks, confidential }: App): AdapterPayload {
  const codes = callbacks.length > 0;
  return {
    client_id: id,
    client_name: name,
    application_type: callbacks.some(isNative) ? 'native' : 'web',
    redirect_uris: [...callbacks],
    response_types: codes ? ['code'] : [],
    grant_types: [...(codes ? ['authorization_code'] : []), 'refresh_token', DEVICE_CODE_GRANT],
    token_endpoint_auth_method: confidential ? 'client_secret_basic' : 'none',
    // The library wants one; what an app sends is compared with the hashes of its secrets.
    ...(confidential ? { client_secret: 'kept as hashes' } : {}),
  };
}
