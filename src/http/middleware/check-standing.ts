import { userLocked, userSuspended } from '../../matrix/error.ts';

/** What a session may do, as the shard of its user says. */
export interface SessionStanding {
  readonly isLocked?: boolean;
  readonly isSuspended?: boolean;
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
 * Throws `M_USER_LOCKED` or `M_USER_SUSPENDED`.
 * @param route method and pattern of the route, as it was registered: however a path is written, it is this one. What is
 * not in a list is refused.
 */
export function checkStanding({ isLocked, isSuspended }: SessionStanding, route: string): void {
  if (isLocked === true && !WHEN_LOCKED.test(route)) throw userLocked('This account has been locked');
  if (isSuspended === true && !WHEN_SUSPENDED.test(route)) {
    throw userSuspended('You cannot do this while your account is suspended');
  }
}
