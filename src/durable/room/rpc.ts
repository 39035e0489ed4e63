import type { JoinedSince } from '../../room/membership/joined-since.ts';
import type { EventId, RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { ClientEventWithoutRoomId } from '../../matrix/event/client-event.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { StateClaim } from '../../room/backfill/backfill.ts';
import type { InitialEvent } from '../../room/create/create-room.ts';
import type { ParkedVerdict, Verdict } from '../../room/decide/verdict.ts';
import type { DirectoryEntry } from '../../room/find/directory-entry.ts';
import type { FoundUser } from '../../matrix/discovery/user-match.ts';
import type { MemberQuery } from '../../room/find/find-members.ts';
import type { DirectQuery, DirectRoom } from '../../room/find/direct-room.ts';
import type { FindAnswer, FindQuery } from '../../room/find/find-room.ts';
import type { LastSent } from '../../room/dispatch/last-sent.ts';
import type { DestinationAnswer, DestinationQuery } from '../../room/dispatch/range-for-destination.ts';
import type { FailedServer, JoinRun } from '../../room/join/join-saga.ts';
import type { Settled } from '../../room/join/join-events.ts';
import type { Standing } from '../../room/membership/authorise-join.ts';
import type { MembershipInput } from '../../room/membership/change-membership.ts';
import type { HeldMembership } from '../../room/membership/out-of-band.ts';
import type { InviteDraft } from '../../room/membership/remote-invite.ts';
import type { ThirdPartyInvite } from '../../room/membership/third-party-invite.ts';
import type { ListedParked, ListedRejected, Page } from '../../room/park/list.ts';
import type { ParkInput } from '../../room/park/park.ts';
import type { ConfirmedEvent, ConfirmQuery } from '../../room/find/confirm-found.ts';
import type { ClosestEvent, TimeQuery } from '../../room/read/closest-event.ts';
import type { AppserviceQuery, AppserviceRange } from '../../room/read/read-for-appservice.ts';
import type { ContextQuery, ContextAnswer } from '../../room/read/read-context.ts';
import type { Messages, MessagesQuery } from '../../room/read/read-messages.ts';
import type { Relations, RelationsQuery } from '../../room/read/read-relations.ts';
import type { InspectedEvent, InspectQuery, StateQuery } from '../../room/read/inspect-event.ts';
import type { JoinedMember, MembersQuery } from '../../room/read/read-state.ts';
import type { Threads, ThreadsQuery } from '../../room/read/read-threads.ts';
import type { adoptClaims, ExtremityClaim } from '../../room/state/adopt-claims.ts';
import type { PolicedEvent } from '../../room/policy/policy-needed.ts';
import type { DeviceListMoves, MovesQuery } from '../../room/read/device-list-moves.ts';
import type { SlidingRoomAnswer, SlidingRoomQuery } from '../../room/read/read-sliding.ts';
import type { SyncQuery } from '../../room/read/read-sync.ts';
import type { SyncRoomText } from '../../room/read/sync-text.ts';
import type { LatestReceipt, ReceiptOutcome } from '../../room/receipts/put-latest-receipt.ts';
import type { SendInput, Sent } from '../../room/send/send-event.ts';
import type { PowerLevelInput, PowerLevelSet } from '../../room/send/set-power-level.ts';
import type { HandshakeMembership, Template } from '../../room/servers/membership-handshake.ts';
import type { Doubt } from '../../room/servers/doubt.ts';
import type { JoinAnswerQuery } from '../../room/servers/join-answer.ts';
import type { Lifecycle, ReceiptRow } from '../../room/store.ts';
import type { NotificationsQuery, RoomNotifications } from '../../room/unread/read-notifications.ts';
import type { PushesQuery, UserPushes } from '../../room/unread/read-pushes.ts';
import type { Shutdown } from '../../room/shutdown/require-open.ts';
import type { UpgradeSource } from '../../room/upgrade/upgrade-source.ts';
import type { RpcResult } from '../call.ts';

/** What every call into a room carries. Objects: unknown fields are ignored and new ones optional. */
export interface RoomCall {
  readonly roomId: RoomId;
  /** Of a mutating call: the same ID acts once, for ten minutes. */
  readonly opId?: string;
  /** The event of an earlier try, which the room's policy server was asked about. */
  readonly policed?: PolicedEvent;
  /** Of the settings by which the caller acts. See `Settings.hear`. */
  readonly settingsRevision?: number | undefined;
  /** The application service that has the call made. */
  readonly appservice?: string | undefined;
}

/** A PDU as the Worker has checked it: format, signatures and content hash. */
export interface CheckedPdu {
  readonly eventId: EventId;
  /** Canonical JSON without `unsigned`. */
  readonly json: string;
  readonly provisional?: boolean;
}

export interface CreateCall extends RoomCall {
  readonly roomVersion: string;
  readonly create: CheckedPdu;
  readonly creatorShard: string;
  readonly initial: readonly InitialEvent[];
}

export interface Who extends RoomCall {
  readonly userId: UserId;
  /** The reading device. */
  readonly scope: string;
}

export type ReceiptCall = RoomCall & ReceiptRow;

export interface ReceiptsCall extends RoomCall {
  readonly receipts: readonly LatestReceipt[];
  /** Milliseconds since the epoch. */
  readonly ts: number;
}

export interface RemoteReceiptsCall extends RoomCall {
  readonly origin: ServerName;
  /** Of users of `origin`. */
  readonly receipts: readonly ReceiptRow[];
}

export interface TypingCall extends RoomCall {
  readonly userId: UserId;
  /** Until when, in milliseconds since the epoch; `undefined`: no more. */
  readonly until: number | undefined;
}

export interface RoomStatus {
  readonly lifecycle: Lifecycle;
  readonly roomVersion: string | undefined;
  readonly head: number;
  /** Whether a join over another server is under way. */
  readonly isJoining: boolean;
  /** Since when, and by which servers' refusals, we may have been removed. */
  readonly doubt: Doubt | undefined;
  /** Where an administrator has closed the room. */
  readonly shutdown?: ShutdownStanding;
}

export interface ShutdownStanding extends Shutdown {
  /** Users of ours who are in it, invited to it or knock on it. */
  readonly remaining: number;
}

/** The RPC surface of a `Room`. */
export interface RoomRpc {
  status(call: RoomCall): Promise<RpcResult<RoomStatus>>;
  /** Nobody of ours comes in from then on; the room sees to it that who is in it leaves. */
  shutDown(call: RoomCall & Pick<Shutdown, 'by' | 'notice'>): Promise<RpcResult<void>>;
  reopen(call: RoomCall): Promise<RpcResult<void>>;

  create(call: CreateCall): Promise<RpcResult<Sent>>;
  send(call: RoomCall & SendInput): Promise<RpcResult<Sent>>;
  /** Throws `EYRIE_CONFLICT` where the user has another level than is expected. */
  setPowerLevel(call: RoomCall & PowerLevelInput): Promise<RpcResult<PowerLevelSet>>;
  /** Throws 404 `M_NOT_FOUND` for a room we are not in: a join must then ask another server. */
  changeMembership(call: RoomCall & MembershipInput): Promise<RpcResult<Sent>>;
  draftInvite(call: RoomCall & MembershipInput): Promise<RpcResult<InviteDraft>>;
  commitInvite(call: RoomCall & { eventId: EventId; signatures: JsonObject }): Promise<RpcResult<Sent>>;
  dropInvite(call: RoomCall & { eventId: EventId }): Promise<RpcResult<void>>;
  rejectInvite(call: RoomCall & { userId: UserId; content: JsonObject }): Promise<RpcResult<Sent>>;
  /** Throws `M_FORBIDDEN` for who may not upgrade the room. */
  upgradeSource(call: RoomCall & { userId: UserId }): Promise<RpcResult<UpgradeSource>>;
  /** Sends the tombstone; the room sees to what an upgrade has left to do. */
  beginUpgrade(call: RoomCall & { userId: UserId; replacement: RoomId }): Promise<RpcResult<Sent>>;
  directoryMoved(call: RoomCall & { replacement: RoomId }): Promise<RpcResult<void>>;
  /** Of those who have, or had, any. */
  membershipsOf(
    call: RoomCall & { userIds: readonly UserId[] },
  ): Promise<RpcResult<Readonly<Partial<Record<UserId, string>>>>>;
  /** Since when these users, here or elsewhere, are joined. */
  joinedSince(call: RoomCall & { userIds: readonly UserId[] }): Promise<RpcResult<JoinedSince>>;
  /** Resolves when this shard and the projection have what is committed, at the latest after two seconds. */
  flush(call: RoomCall & { shard: string }): Promise<RpcResult<void>>;
  /** The present membership of a local user, and who can be asked about it: of an invite, the inviter's server. */
  heldMembership(call: RoomCall & { userId: UserId }): Promise<RpcResult<HeldMembership | undefined>>;
  /** The rooms of which one must know a user as a member; `undefined` where their join does not depend on any. */
  joinConditions(call: RoomCall & { userId: UserId }): Promise<RpcResult<readonly RoomId[] | undefined>>;
  /** `undefined`: we are not in the room. */
  isJoined(call: RoomCall & { userId: UserId }): Promise<RpcResult<boolean | undefined>>;
  /** A public receipt; one that does not move forward changes nothing. */
  receipt(call: ReceiptCall): Promise<RpcResult<void>>;
  /** Of users of ours, each for the latest of some events. @returns where each stands now, or why not. */
  latestReceipts(call: ReceiptsCall): Promise<RpcResult<readonly ReceiptOutcome[]>>;
  /** The user left the room and is shown nothing of it any more, until they come back. */
  forgetUser(call: RoomCall & { readonly userId: UserId }): Promise<RpcResult<void>>;
  /** What the user said is redacted for whoever comes into the room from now on. */
  erase(call: RoomCall & { readonly userId: UserId }): Promise<RpcResult<void>>;

  readSync(call: RoomCall & SyncQuery): Promise<RpcResult<SyncRoomText | undefined>>;
  readSliding(call: RoomCall & SlidingRoomQuery): Promise<RpcResult<SlidingRoomAnswer | undefined>>;
  /** Who came into the room of a user, and who went. */
  deviceListMoves(call: RoomCall & MovesQuery): Promise<RpcResult<DeviceListMoves>>;
  /** What is in a space that the user is joined to. */
  spaceChildren(call: RoomCall & { userId: UserId }): Promise<RpcResult<readonly string[]>>;
  /** The stripped state that an invited user is shown. */
  readInvite(call: RoomCall & { userId: UserId }): Promise<RpcResult<readonly JsonObject[]>>;
  readMessages(call: RoomCall & MessagesQuery): Promise<RpcResult<Messages>>;
  readContext(call: RoomCall & ContextQuery): Promise<RpcResult<ContextAnswer>>;
  readByTime(call: RoomCall & TimeQuery & { userId: UserId }): Promise<RpcResult<ClosestEvent>>;
  /** Those of the events that the user may see, and that pass the filter. */
  confirmFound(call: RoomCall & ConfirmQuery): Promise<RpcResult<readonly ConfirmedEvent[]>>;
  /** Members that fit a term, for who may see them; nobody for others. */
  findMembers(call: RoomCall & MemberQuery): Promise<RpcResult<readonly FoundUser[]>>;
  /** Fills what was there before the database of search into it, as a duty. */
  fillSearch(call: RoomCall): Promise<RpcResult<void>>;
  readState(call: Who): Promise<RpcResult<readonly ClientEventWithoutRoomId[]>>;
  readStateEvent(call: Who & { type: string; stateKey: string }): Promise<RpcResult<ClientEventWithoutRoomId>>;
  readMembers(call: RoomCall & MembersQuery): Promise<RpcResult<readonly ClientEventWithoutRoomId[]>>;
  readJoinedMembers(call: Who): Promise<RpcResult<Readonly<Record<string, JoinedMember>>>>;
  readEvent(
    call: Who & { eventId: EventId; ignoredUsers?: readonly UserId[] },
  ): Promise<RpcResult<ClientEventWithoutRoomId>>;
  readRelations(call: RoomCall & RelationsQuery): Promise<RpcResult<Relations>>;
  readThreads(call: RoomCall & ThreadsQuery): Promise<RpcResult<Threads>>;
  /** What these users, who have pushers, are notified of in a range. */
  readPushes(call: RoomCall & PushesQuery): Promise<RpcResult<readonly UserPushes[]>>;
  readNotifications(call: RoomCall & NotificationsQuery): Promise<RpcResult<RoomNotifications>>;
  /** The invitation of an address. Throws `M_NOT_FOUND`, `M_FORBIDDEN`. */
  thirdPartyInvite(call: ServerCall & { readonly token: string }): Promise<RpcResult<ThirdPartyInvite>>;
  /** What the directory keeps of the room; `undefined` before its birth. */
  directoryEntry(call: RoomCall): Promise<RpcResult<DirectoryEntry | undefined>>;
  /** What the room tells of itself to somebody who may not be in it. */
  findRoom(call: RoomCall & FindQuery): Promise<RpcResult<FindAnswer>>;
  /** Whether this is, or may become, the direct chat of exactly these. */
  directRoom(call: RoomCall & DirectQuery): Promise<RpcResult<DirectRoom | undefined>>;
  /** Whether the server has a joined user; `undefined`: we are not in the room. */
  hasServer(call: RoomCall & { server: ServerName }): Promise<RpcResult<boolean | undefined>>;
  /** Those of the servers that the ACL of the room keeps out. */
  keptOut(call: RoomCall & { servers: readonly ServerName[] }): Promise<RpcResult<readonly ServerName[]>>;
  /** What became visible behind a position, whoever may see it: for the object of an application service alone. */
  readForAppservice(call: RoomCall & AppserviceQuery): Promise<RpcResult<AppserviceRange>>;
  /** An event whatever became of it. Throws `M_NOT_FOUND`. */
  inspectEvent(call: RoomCall & InspectQuery & { format: 'client' | 'pdu' }): Promise<RpcResult<InspectedEvent>>;
  /** The state before or after an event: the whole answer, as JSON. Throws `M_NOT_FOUND`. */
  stateAround(call: RoomCall & StateQuery): Promise<RpcResult<ReadableStream<Uint8Array>>>;
  /** Users of this server who are joined. */
  localMembers(call: RoomCall): Promise<RpcResult<readonly UserId[]>>;
  joinedUsers(call: RoomCall): Promise<RpcResult<readonly UserId[]>>;
  /** Servers and shards of local users with a member. */
  audience(
    call: RoomCall,
  ): Promise<RpcResult<{ readonly servers: readonly ServerName[]; readonly shards: readonly string[] }>>;
  joinedServers(call: RoomCall): Promise<RpcResult<readonly ServerName[]>>;
  /** Joined users of a server, and the shards of local members. `users` of a very large room are `undefined`. */
  membersOfServer(
    call: RoomCall & { server: ServerName },
  ): Promise<RpcResult<{ readonly users: readonly UserId[] | undefined; readonly shards: readonly string[] }>>;

  decide(call: DecideCall): Promise<RpcResult<readonly (Verdict | ParkedVerdict)[]>>;
  /** Which of these events the room has not stored in any form. */
  unknownEvents(call: RoomCall & { readonly eventIds: readonly EventId[] }): Promise<RpcResult<readonly EventId[]>>;
  /** Where the graph ends, and which servers are in the room. */
  frontier(
    call: RoomCall,
  ): Promise<RpcResult<{ readonly extremities: readonly EventId[]; readonly servers: readonly ServerName[] }>>;
  /** Waits for the right to fill a gap of this room, one at a time. @returns whether it was given. */
  beginFill(call: RoomCall & { readonly holder: string }): Promise<RpcResult<boolean>>;
  endFill(call: RoomCall & { readonly holder: string }): Promise<RpcResult<void>>;
  park(call: ParkCall): Promise<RpcResult<void>>;
  /** For the administrator. */
  listParked(call: RoomCall & Page): Promise<RpcResult<readonly ListedParked[]>>;
  listRejected(call: RoomCall & Page): Promise<RpcResult<readonly ListedRejected[]>>;
  /** Writes what D1 knows of the room anew, as a duty. */
  rebuildProjection(call: RoomCall): Promise<RpcResult<void>>;
  /** The default of how old messages get has changed: the room sees to its own, also where nothing else wakes it. */
  considerAges(call: RoomCall): Promise<RpcResult<void>>;
  /** A server of the room answered 403 when it was asked for its state or history. */
  serverRefused(call: RoomCall & { readonly server: ServerName }): Promise<RpcResult<void>>;
  /** Has these parked events, or all, tried at once. @returns how many. */
  retryParked(call: RoomCall & { readonly eventIds?: readonly EventId[] }): Promise<RpcResult<number>>;
  /** @returns how many entries of the current state changed. */
  adoptClaims(
    call: RoomCall & { readonly claims: readonly ExtremityClaim[] },
  ): Promise<RpcResult<ReturnType<typeof adoptClaims>>>;
  /** A local user types or has stopped. Throws `M_FORBIDDEN` for who is not joined. */
  typing(call: TypingCall): Promise<RpcResult<void>>;
  /** The same of another server's user; passed over for who is not joined. */
  remoteTyping(call: TypingCall): Promise<RpcResult<void>>;
  remoteReceipts(call: RemoteReceiptsCall): Promise<RpcResult<void>>;
  /** Events below holes, newest first: stored under the hole's own history keys. @returns whether any was new. */
  backfilled(call: BackfilledCall): Promise<RpcResult<boolean>>;
  makeMembership(call: MakeMembershipCall): Promise<RpcResult<Template>>;
  acceptMembership(call: AcceptMembershipCall): Promise<RpcResult<void>>;
  /** Of a knock that was accepted: what tells its server which room it is, as canonical JSON. */
  knockRoomState(call: ServerCall & { eventId: EventId }): Promise<RpcResult<readonly string[]>>;
  receiveInvite(call: ReceiveInviteCall): Promise<RpcResult<Sent>>;
  /** Keeps a knock of a user of ours that another server took. */
  receiveKnock(call: ReceiveKnockCall): Promise<RpcResult<Sent>>;
  /** Of a restricted room: servers whose users may let one of ours in, whose join then comes from there. */
  grantingServers(call: RoomCall & { userId: UserId; shard: string }): Promise<RpcResult<readonly ServerName[]>>;
  /** @returns the run that the join is in. Throws 503 while another join is under way. */
  startJoin(call: StartJoinCall): Promise<RpcResult<number>>;
  /** Whoever works on a join says so again and again. @returns whether its run still counts. */
  renewJoin(call: RoomCall & JoinRun): Promise<RpcResult<boolean>>;
  takeJoinEvents(call: TakeJoinEventsCall): Promise<RpcResult<void>>;
  settleJoin(call: RoomCall & JoinRun & { readonly offset: number }): Promise<RpcResult<Settled>>;
  /** @returns the IDs of the events that lack auth events. */
  storeOutliers(call: RoomCall & { pdus: readonly CheckedPdu[] }): Promise<RpcResult<readonly EventId[]>>;
  finishJoin(call: FinishJoinCall): Promise<RpcResult<Sent>>;
  /** @returns whether the join goes on over another server. */
  failJoin(call: RoomCall & FailedServer): Promise<RpcResult<boolean>>;

  eventForServer(call: ServerCall & { eventId: EventId }): Promise<RpcResult<string>>;
  /** The whole answers of endpoints for servers, as JSON: what grows with the room crosses RPC as a stream. */
  joinAnswer(call: RoomCall & JoinAnswerQuery): Promise<RpcResult<ReadableStream<Uint8Array>>>;
  stateForServer(call: ServerCall & { eventId: EventId }): Promise<RpcResult<ReadableStream<Uint8Array>>>;
  stateIdsForServer(call: ServerCall & { eventId: EventId }): Promise<RpcResult<ReadableStream<Uint8Array>>>;
  eventAuthForServer(call: ServerCall & { eventId: EventId }): Promise<RpcResult<ReadableStream<Uint8Array>>>;
  backfillForServer(
    call: ServerCall & { from: readonly EventId[]; limit: number },
  ): Promise<RpcResult<readonly string[]>>;
  eventByTimeForServer(call: ServerCall & TimeQuery): Promise<RpcResult<ClosestEvent['event']>>;
  missingEventsForServer(call: MissingEventsCall): Promise<RpcResult<readonly string[]>>;
  /** For a destination that was in back-off: what it has not been sent. */
  rangeFor(call: RoomCall & DestinationQuery): Promise<RpcResult<DestinationAnswer>>;
  /** See `lastSentTo` of `dispatch`; what the server's object keeps a cursor for counts as sent. */
  lastSentTo(
    call: RoomCall & { readonly server: ServerName; readonly notAfter?: number },
  ): Promise<RpcResult<LastSent | 'absent' | undefined>>;
}

interface ServerCall extends RoomCall {
  readonly origin: ServerName;
}

export interface ParkCall extends ServerCall {
  readonly isTakenUp?: boolean;
  readonly pdus: readonly ParkInput[];
}

export interface DecideCall extends ServerCall {
  /** What was received before is taken up: the ACL was asked when it came. */
  readonly isTakenUp?: boolean;
  readonly pdus: readonly (CheckedPdu & { readonly claim?: readonly EventId[]; readonly isPolicyAsked?: boolean })[];
}

export interface BackfilledCall extends RoomCall {
  readonly pdus: readonly CheckedPdu[];
  /** The states before those whose parents stay unknown, stored as outliers. */
  readonly claims: readonly StateClaim[];
}

export interface MakeMembershipCall extends ServerCall {
  readonly userId: UserId;
  readonly membership: HandshakeMembership;
  /** Room versions that the asker knows; `undefined` does not ask. */
  readonly supported?: readonly string[];
  /** Of a join that depends on other rooms. */
  readonly standing?: Standing | undefined;
}

export interface AcceptMembershipCall extends ServerCall {
  readonly pdu: CheckedPdu;
  readonly membership: HandshakeMembership;
  /** Of a join that depends on other rooms. */
  readonly standing?: Standing | undefined;
}

export interface ReceiveInviteCall extends RoomCall {
  readonly roomVersion: string;
  readonly pdu: CheckedPdu;
  readonly shard: string;
  readonly inviteRoomState: readonly JsonObject[];
}

export interface ReceiveKnockCall extends RoomCall {
  readonly roomVersion: string;
  readonly pdu: CheckedPdu;
  readonly shard: string;
  /** Over which the user knocked. */
  readonly server: ServerName;
  readonly knockRoomState: readonly JsonObject[];
}

export interface StartJoinCall extends RoomCall {
  readonly roomVersion: string;
  readonly userId: UserId;
  readonly shard: string;
  readonly pdu: CheckedPdu;
  readonly server: ServerName;
  readonly left: readonly ServerName[];
  readonly content: JsonObject;
  /** Of a join under way that goes on over another server. */
  readonly run?: number;
}

export interface TakeJoinEventsCall extends RoomCall, JoinRun {
  readonly isState: boolean;
  readonly events: readonly (CheckedPdu & { readonly unverified?: ServerName })[];
}

export interface FinishJoinCall extends RoomCall, JoinRun {
  readonly pdu: CheckedPdu;
}

export interface MissingEventsCall extends ServerCall {
  readonly earliest: readonly EventId[];
  readonly latest: readonly EventId[];
  readonly limit: number;
  readonly minDepth: number;
}
