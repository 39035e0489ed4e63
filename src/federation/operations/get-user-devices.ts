// GET /_matrix/federation/v1/user/devices/{userId} (Server-Server API, "Device Management")
import type { ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';

/** More than a list that is kept may have. */
const MAX_BYTES = 2_000_000;

export const getUserDevices = (
  client: Pick<FederationClient, 'request'>,
  { destination, userId }: { readonly destination: ServerName; readonly userId: UserId },
): Promise<FederationResult<JsonObject>> =>
  client.request({
    destination,
    method: 'GET',
    target: requestTarget('/_matrix/federation/v1/user/devices/{}', [userId]),
    maxBytes: MAX_BYTES,
  });
