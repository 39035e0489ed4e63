import type { MiddlewareHandler } from 'hono';

import type { Appservices } from '../../appservice/appservices.ts';
import { forbidden } from '../../matrix/error.ts';
import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { FromUser, RequireUser } from '../client/from-user.ts';

/** Whom and what a call of the admin API may be about. */
export interface Reach {
  /** Of the application service that calls; `undefined`: an administrator does, who reaches everything. */
  readonly appserviceId: string | undefined;
  /** Whether it may act as this user, and is told of them. Users of other servers are nobody's. */
  readonly hasUser: (userId: UserId) => boolean;
  /** Whether the room is its own by its ID; else it is by who is in it. */
  readonly hasRoom: (roomId: RoomId) => boolean;
}

/** What an endpoint that is open to workspaces knows of its caller. */
export interface FromWorkspace {
  Variables: FromUser['Variables'] & { reach: Reach };
}

/** Both stand in the route, in this order. */
export type RequireWorkspace = readonly [RequireUser, MiddlewareHandler<FromWorkspace>];

/**
 * Lets in administrators of this server, and application services whose registration says `eyrie.admin`, these within
 * their namespaces: `M_FORBIDDEN` for everybody else.
 */
export const requireWorkspace = (deps: {
  readonly requireUser: RequireUser;
  readonly appservices: Pick<Appservices, 'byId'>;
  readonly serverName: ServerName;
}): RequireWorkspace => [
  deps.requireUser,
  async (c, next) => {
    const { isAdmin, appservice } = c.var.requester;
    const acting = appservice === undefined ? undefined : await deps.appservices.byId(appservice.id);
    if (acting?.registration.isAdmin === true) {
      c.set('reach', {
        appserviceId: acting.id,
        hasUser: (userId) => acting.ownsUser(userId),
        hasRoom: (roomId) => acting.hasRoom(roomId),
      });
    } else if (isAdmin) {
      const hasUser = (userId: UserId) => userIdServer(userId) === deps.serverName;
      c.set('reach', { appserviceId: undefined, hasUser, hasRoom: () => true });
    } else {
      throw forbidden('Only an administrator of this server, or a workspace that is one, may do this');
    }
    await next();
  },
];
