import { Hono } from 'hono';

import { backfillRoom } from './backfill-room.ts';
import { exchangeThirdPartyInvite } from './exchange-third-party-invite.ts';
import { getEventAuth } from './get-event-auth.ts';
import { getEvent } from './get-event.ts';
import { getMissingPreviousEvents } from './get-missing-previous-events.ts';
import { getRoomStateIds } from './get-room-state-ids.ts';
import { getRoomState } from './get-room-state.ts';
import { makeJoin } from './make-join.ts';
import { makeKnock } from './make-knock.ts';
import { makeLeave } from './make-leave.ts';
import { onBindThirdPartyIdentifier } from './on-bind-third-party-identifier.ts';
import { queryInfo } from './query-info.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';
import { sendInviteV1 } from './send-invite-v1.ts';
import { sendInviteV2 } from './send-invite-v2.ts';
import { sendJoinV1 } from './send-join-v1.ts';
import { sendJoinV2 } from './send-join-v2.ts';
import { sendKnock } from './send-knock.ts';
import { sendLeaveV1 } from './send-leave-v1.ts';
import { sendLeaveV2 } from './send-leave-v2.ts';

/** What other servers ask about rooms. */
export const federationRoomRoutes = (deps: FederationRoomDeps) =>
  new Hono()
    .route('/', makeJoin(deps))
    .route('/', sendJoinV1(deps))
    .route('/', sendJoinV2(deps))
    .route('/', makeKnock(deps))
    .route('/', sendKnock(deps))
    .route('/', makeLeave(deps))
    .route('/', sendLeaveV1(deps))
    .route('/', sendLeaveV2(deps))
    .route('/', sendInviteV1(deps))
    .route('/', sendInviteV2(deps))
    .route('/', exchangeThirdPartyInvite(deps))
    .route('/', onBindThirdPartyIdentifier(deps))
    .route('/', getEvent(deps))
    .route('/', getRoomState(deps))
    .route('/', getRoomStateIds(deps))
    .route('/', getEventAuth(deps))
    .route('/', backfillRoom(deps))
    .route('/', getMissingPreviousEvents(deps))
    .route('/', queryInfo(deps));
