import { Hono } from 'hono';

import { createRoom } from './create-room.ts';
import { deleteRoomAlias } from './delete-room-alias.ts';
import { forgetRoom } from './forget-room.ts';
import { getEventContext } from './get-event-context.ts';
import { getJoinedMembersByRoom } from './get-joined-members-by-room.ts';
import { getJoinedRooms } from './get-joined-rooms.ts';
import { getLocalAliases } from './get-local-aliases.ts';
import { getMembersByRoom } from './get-members-by-room.ts';
import { getOneRoomEvent } from './get-one-room-event.ts';
import { getRelatingEvents } from './get-relating-events.ts';
import { getRoomEvents } from './get-room-events.ts';
import { getRoomIdByAlias } from './get-room-id-by-alias.ts';
import { getRoomState } from './get-room-state.ts';
import { getRoomStateWithKey } from './get-room-state-with-key.ts';
import { getRoomVisibilityOnDirectory } from './get-room-visibility-on-directory.ts';
import { getThreadRoots } from './get-thread-roots.ts';
import { inviteUser } from './invite-user.ts';
import { joinRoom } from './join-room.ts';
import { joinRoomById } from './join-room-by-id.ts';
import { kickBanUnban } from './kick-ban-unban.ts';
import { knockRoom } from './knock-room.ts';
import { leaveRoom } from './leave-room.ts';
import { peekEvents } from './peek-events.ts';
import { postReceipt } from './post-receipt.ts';
import { redactEvent } from './redact-event.ts';
import { roomInitialSync } from './room-initial-sync.ts';
import { sendMessage } from './send-message.ts';
import { setReadMarker } from './set-read-marker.ts';
import { setRoomAlias } from './set-room-alias.ts';
import { setRoomStateWithKey } from './set-room-state-with-key.ts';
import { setRoomVisibilityOnDirectory } from './set-room-visibility-on-directory.ts';
import { setTyping } from './set-typing.ts';
import { upgradeRoom } from './upgrade-room.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

/** The client-server endpoints about rooms. */
export const roomRoutes = (deps: RoomRoutesDeps): Hono =>
  new Hono()
    .route('/', createRoom(deps))
    .route('/', upgradeRoom(deps))
    .route('/', joinRoom(deps))
    .route('/', joinRoomById(deps))
    .route('/', knockRoom(deps))
    .route('/', inviteUser(deps))
    .route('/', leaveRoom(deps))
    .route('/', kickBanUnban(deps))
    .route('/', forgetRoom(deps))
    .route('/', getJoinedRooms(deps))
    .route('/', sendMessage(deps))
    .route('/', redactEvent(deps))
    .route('/', setRoomStateWithKey(deps))
    .route('/', getRoomStateWithKey(deps))
    .route('/', getRoomState(deps))
    .route('/', getRoomEvents(deps))
    .route('/', roomInitialSync(deps))
    .route('/', peekEvents(deps))
    .route('/', getMembersByRoom(deps))
    .route('/', getJoinedMembersByRoom(deps))
    .route('/', getEventContext(deps))
    .route('/', getOneRoomEvent(deps))
    .route('/', getRelatingEvents(deps))
    .route('/', getThreadRoots(deps))
    .route('/', setRoomAlias(deps))
    .route('/', getRoomIdByAlias(deps))
    .route('/', deleteRoomAlias(deps))
    .route('/', getLocalAliases(deps))
    .route('/', getRoomVisibilityOnDirectory(deps))
    .route('/', setRoomVisibilityOnDirectory(deps))
    .route('/', setTyping(deps))
    .route('/', postReceipt(deps))
    .route('/', setReadMarker(deps));
