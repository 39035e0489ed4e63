import { guestAccessForbidden, userLocked, userSuspended } from '../../matrix/error.ts';

/** What a session may do, as the shard of its user says. */
export interface SessionStanding {
  readonly isLocked?: boolean;
  readonly isSuspended?: boolean;
  readonly isGuest?: boolean;
}

/** Source: Client-Server API, "Account locking". */
const WHEN_LOCKED = /^POST \/_matrix\/client\/v3\/logout(?:\/all)?$/;

/**
 * What a suspended user may do besides reading. Redactions are of their own events only, which the endpoints see to.
 * Source: Client-Server API, "Account suspension".
 */
const WHEN_SUSPENDED = new RegExp(
  `^(?:GET .*|[A-Z]+ /_matrix/client/[^/]+/(?:${[
    'logout(?:/all)?',
    'login/get_token',
    'devices/:deviceId',
    'delete_devices',
    'account/(?:password|deactivate)',
    '(?:keys|room_keys|sendToDevice|pushrules|pushers|presence)/.*',
    'user/:userId/(?:filter|account_data/.*|rooms/.*)',
    'rooms/:roomId/(?:leave|forget|read_markers|receipt/.*|report.*|redact/.*|send/.*)',
    'users/:userId/report',
    'sync',
    'search',
    'publicRooms',
    'user_directory/search',
  ].join('|')}))$`,
);

/**
 * What a guest may do. Of the profile it is the display name only, which the endpoint sees to. NOTSPEC: a guest joins by
 * `/join/{roomIdOrAlias}` too, the only call that matrix-js-sdk has for it.
 * Source: Client-Server API, "Guest access".
 */
const AS_GUEST = new RegExp(
  `^(?:${[
    'GET /_matrix/client/v3/rooms/:roomId/(?:state|context/:eventId|event/:eventId|messages|members|initialSync)',
    '(?:GET|PUT) /_matrix/client/v3/rooms/:roomId/state/:eventType/?(?::stateKey)?',
    'GET /_matrix/client/v3/(?:sync|events|devices|account/whoami)',
    'GET /_matrix/client/v1/media/(?:download|thumbnail)/.*',
    'POST /_matrix/client/v3/(?:rooms/:roomId/(?:join|leave)|join/:roomIdOrAlias)',
    'PUT /_matrix/client/v3/(?:rooms/:roomId/send|sendToDevice)/:eventType/:txnId',
    '(?:PUT|DELETE) /_matrix/client/v3/profile/:userId/:field',
    '(?:GET|PUT) /_matrix/client/v3/devices/:deviceId',
    'POST /_matrix/client/v3/keys/(?:upload|query|claim)',
  ].join('|')})$`,
);

/**
 * Throws `M_USER_LOCKED`, `M_USER_SUSPENDED` or `M_GUEST_ACCESS_FORBIDDEN`.
 * @param route method and pattern of the route, as it was registered: however a path is written, it is this one. What is
 * not in a list is refused.
 */
export function checkStanding({ isLocked, isSuspended, isGuest }: SessionStanding, route: string): void {
  if (isLocked === true && !WHEN_LOCKED.test(route)) throw userLocked('This account has been locked');
  if (isSuspended === true && !WHEN_SUSPENDED.test(route)) {
    throw userSuspended('You cannot do this while your account is suspended');
  }
  if (isGuest === true && !AS_GUEST.test(route)) throw guestAccessForbidden('Guests may not do this');
}
