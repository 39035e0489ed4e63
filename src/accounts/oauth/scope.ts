import { OAuthError } from '../../matrix/error.ts';

const API = 'urn:matrix:client:api:*';
const DEVICE = 'urn:matrix:client:device:';

/** The unstable names of both, which clients of before the specification had them ask for beside or instead. */
const UNSTABLE_API = 'urn:matrix:org.matrix.msc2967.client:api:*';
const UNSTABLE_DEVICE = 'urn:matrix:org.matrix.msc2967.client:device:';

const DEVICE_ID = /^[A-Za-z0-9._~-]{1,255}$/;

/**
 * The device ID of a scope, which names the whole client API and exactly one device; other tokens are not granted.
 * Throws `invalid_scope`. Source: Client-Server API, "Scope".
 */
export function deviceOfScope(scope: string): string {
  const tokens = scope.split(' ');
  const devices = new Set(
    tokens.flatMap((token) => {
      const prefix = [DEVICE, UNSTABLE_DEVICE].find((start) => token.startsWith(start));
      return prefix === undefined ? [] : [token.slice(prefix.length)];
    }),
  );
  const [deviceId] = devices;
  if (!tokens.includes(API) && !tokens.includes(UNSTABLE_API)) {
    throw new OAuthError('invalid_scope', `The scope has to name ${API}`);
  }
  if (deviceId === undefined || devices.size !== 1 || !DEVICE_ID.test(deviceId)) {
    throw new OAuthError('invalid_scope', `The scope has to name one device as ${DEVICE}<device_id>`);
  }
  return deviceId;
}

/** What a session was granted, by both names of each. */
export const grantedScope = (deviceId: string): string =>
  [API, DEVICE + deviceId, UNSTABLE_API, UNSTABLE_DEVICE + deviceId].join(' ');
