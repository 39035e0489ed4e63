import { roomAliasServer } from '../matrix/ids/room-alias.ts';
import type { EventId, RoomAlias, RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import { allow, deny, type Result } from '../matrix/result.ts';
import { roomVersionRules } from '../matrix/room-versions/versions.ts';
import type { FederationClient, FederationResult } from './client.ts';
import { describeFailure, type FederationFailure } from './failure.ts';
import { exchangeThirdPartyInvite } from './operations/exchange-third-party-invite.ts';
import { getEvent } from './operations/get-event.ts';
import { getEventByTimestamp, type TimeQuery } from './operations/get-event-by-timestamp.ts';
import { getPublicRooms, type PublicRoomsQuery } from './operations/get-public-rooms.ts';
import { getRoomEntry, getSpaceHierarchy, type SpaceHierarchy } from './operations/get-space-hierarchy.ts';
import { invite } from './operations/invite.ts';
import { makeJoin, type MembershipTemplate } from './operations/make-join.ts';
import { makeKnock } from './operations/make-knock.ts';
import { makeLeave } from './operations/make-leave.ts';
import { queryDirectory } from './operations/query-directory.ts';
import { sendJoin, type TakeJoinEvents } from './operations/send-join.ts';
import { sendKnock } from './operations/send-knock.ts';
import { sendLeave } from './operations/send-leave.ts';

/** Versions 1 and 2, which a server that names none means, have events of the same form. */
const UNNAMED_VERSION = '1';

/** A failure as those see it who act for a user: the other server's word, that our settings forbid it, or that there is none. */
interface CallFailure {
  readonly kind: 'refused' | 'denied' | 'unreachable';
  readonly status?: number;
  readonly errcode?: string;
  readonly error: string;
}

interface MembershipSubmission {
  readonly roomId: RoomId;
  readonly eventId: EventId;
  readonly event: JsonObject;
}

/** Other servers, as finding, entering and leaving rooms needs them. */
export function createRemoteServers(client: FederationClient) {
  return {
    async makeJoin(
      destination: ServerName,
      query: { readonly roomId: RoomId; readonly userId: UserId; readonly versions: readonly string[] },
    ) {
      return template(await makeJoin(client, { destination, ...query }));
    },

    async sendJoin(
      destination: ServerName,
      query: MembershipSubmission & { readonly omitMembers?: boolean },
      take: TakeJoinEvents,
    ) {
      return outcome(await sendJoin(client, { destination, ...query }, take));
    },

    async knowsEvent(destination: ServerName, eventId: EventId): Promise<Result<boolean, CallFailure>> {
      const answer = await getEvent(client, { destination, eventId });
      if (answer.ok) return allow(true);
      const { reason } = answer;
      const isUnknown = reason.kind === 'refused' && (reason.status === 403 || reason.status === 404);
      return isUnknown ? allow(false) : deny(callFailure(reason));
    },

    async makeLeave(destination: ServerName, query: { readonly roomId: RoomId; readonly userId: UserId }) {
      return template(await makeLeave(client, { destination, ...query }));
    },

    async sendLeave(destination: ServerName, query: MembershipSubmission) {
      return outcome(await sendLeave(client, { destination, ...query }));
    },

    async makeKnock(
      destination: ServerName,
      query: { readonly roomId: RoomId; readonly userId: UserId; readonly versions: readonly string[] },
    ) {
      return template(await makeKnock(client, { destination, ...query }));
    },

    async sendKnock(destination: ServerName, query: MembershipSubmission) {
      return outcome(await sendKnock(client, { destination, ...query }));
    },

    async invite(
      destination: ServerName,
      query: MembershipSubmission & { readonly roomVersion: string; readonly inviteRoomState: readonly JsonObject[] },
    ) {
      const { roomVersion, ...invitation } = query;
      const rules = roomVersionRules(roomVersion);
      if (rules === undefined) throw new Error(`no rules of room version ${roomVersion}`);
      return outcome(await invite(client, { destination, ...invitation, rules }));
    },

    async exchangeThirdPartyInvite(
      destination: ServerName,
      query: { readonly roomId: RoomId; readonly event: JsonObject },
    ) {
      return outcome(await exchangeThirdPartyInvite(client, { destination, ...query }));
    },

    async roomEntry(destination: ServerName, roomId: RoomId) {
      return outcome(await getRoomEntry(client, { destination, roomId }));
    },

    async publicRooms(destination: ServerName, query: PublicRoomsQuery) {
      return outcome(await getPublicRooms(client, { destination, ...query }));
    },

    async eventByTime(destination: ServerName, query: { readonly roomId: RoomId } & TimeQuery) {
      return outcome(await getEventByTimestamp(client, { destination, ...query }));
    },

    async hierarchy(
      destination: ServerName,
      query: { readonly roomId: RoomId; readonly suggestedOnly: boolean },
    ): Promise<Result<SpaceHierarchy, CallFailure>> {
      return outcome(await getSpaceHierarchy(client, { destination, ...query }));
    },

    async resolveAlias(alias: RoomAlias) {
      return outcome(await queryDirectory(client, { destination: roomAliasServer(alias), alias }));
    },
  };
}

function template(answer: FederationResult<MembershipTemplate>) {
  if (!answer.ok) return deny(callFailure(answer.reason));
  const { roomVersion = UNNAMED_VERSION, event } = answer.value;
  return allow({ roomVersion, event });
}

function outcome<T>(answer: FederationResult<T>): Result<T, CallFailure> {
  return answer.ok ? answer : deny(callFailure(answer.reason));
}

function callFailure(failure: FederationFailure): CallFailure {
  switch (failure.kind) {
    case 'refused':
      return {
        kind: 'refused',
        status: failure.status,
        ...(failure.errcode === undefined ? {} : { errcode: failure.errcode }),
        error: failure.error ?? '',
      };
    case 'denied':
      return { kind: 'denied', status: 403, error: describeFailure(failure) };
    default:
      return { kind: 'unreachable', error: describeFailure(failure) };
  }
}
