import type { EventId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { backfill } from '../../room/backfill/backfill.ts';
import { createRoom } from '../../room/create/create-room.ts';
import { rangeForDestination, type DestinationQuery } from '../../room/dispatch/range-for-destination.ts';
import { adoptInvitedVersion, adoptJoinedVersion } from '../../room/lifecycle.ts';
import { FillTurns } from '../../room/fill-turns.ts';
import { finishJoin } from '../../room/join/finish-join.ts';
import { settleJoin, storeOutliers, takeJoinEvents } from '../../room/join/join-events.ts';
import {
  failJoin,
  isJoining,
  isRunning,
  startJoin,
  type FailedServer,
  type JoinRun,
} from '../../room/join/join-saga.ts';
import { listParked, listRejected, type Page } from '../../room/park/list.ts';
import { park } from '../../room/park/park.ts';
import { receive, takeUpParked } from '../../room/park/receive.ts';
import { retryNow } from '../../room/park/retry.ts';
import { forbidden } from '../../matrix/error.ts';
import { isJoined, receiptEdu, receiptKey } from '../../room/receipts/receipt-edu.ts';
import { changeMembership, memberEvent, type MembershipInput } from '../../room/membership/change-membership.ts';
import { readInvite } from '../../room/membership/read-invite.ts';
import { receiveInvite, rejectRemoteInvite } from '../../room/membership/out-of-band.ts';
import { commitInvite, draftInvite, dropDraft } from '../../room/membership/remote-invite.ts';
import { readContext, type ContextQuery } from '../../room/read/read-context.ts';
import { readMessages, type MessagesQuery } from '../../room/read/read-messages.ts';
import {
  readEvent,
  readJoinedMembers,
  readMembers,
  readState,
  readStateEvent,
  type MembersQuery,
} from '../../room/read/read-state.ts';
import { readSync, type SyncQuery } from '../../room/read/read-sync.ts';
import { putReceipt } from '../../room/receipts/put-receipt.ts';
import { sendOnce, type SendInput } from '../../room/send/send-event.ts';
import { acceptMembership, makeMembership } from '../../room/servers/membership-handshake.ts';
import {
  backfillForServer,
  eventAuthForServer,
  eventForServer,
  missingEventsForServer,
  stateForServer,
  stateIdsForServer,
} from '../../room/servers/read-for-server.ts';
import { requireAllowed } from '../../room/servers/require-allowed.ts';
import { answer, answerAsync } from '../call.ts';
import { withinTime } from '../within-time.ts';
import { RoomObject } from './room-object.ts';
import type {
  AcceptMembershipCall,
  BackfilledCall,
  CheckedPdu,
  CreateCall,
  DecideCall,
  FinishJoinCall,
  MakeMembershipCall,
  MissingEventsCall,
  ParkCall,
  ReceiptCall,
  ReceiveInviteCall,
  RoomCall,
  RoomRpc,
  StartJoinCall,
  TakeJoinEventsCall,
  TypingCall,
  Who,
} from './rpc.ts';

/** What a caller will look for at once is waited for no longer than this (contracts, section 8). */
const FLUSH_MS = 2_000;

type ServerQuery = RoomCall & { readonly origin: ServerName; readonly eventId: EventId };

/** One room: its event graph, state, order and stream. Thin: every method is one use-case of `src/room`. */
export class Room extends RoomObject implements RoomRpc {
  readonly #fillTurns = new FillTurns((delayMs, work) => {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  });

  async status(_call: RoomCall) {
    return answer(() => {
      if (!this.isBorn()) return { lifecycle: 'unborn' as const, roomVersion: undefined, head: 0, isJoining: false };
      const { meta, stream } = this.store;
      return {
        lifecycle: meta.lifecycle(),
        roomVersion: meta.roomVersion(),
        head: stream.head(),
        isJoining: isJoining(this.store),
      };
    });
  }

  create(call: CreateCall) {
    return this.writeAtBirth(call, adoptJoinedVersion, (ctx) =>
      createRoom(ctx, { ...call, create: this.pdu(call.create) }),
    );
  }

  send(call: RoomCall & SendInput) {
    return this.write(call, (ctx) => sendOnce(ctx, call));
  }

  changeMembership(call: RoomCall & MembershipInput) {
    return this.write(call, (ctx) => changeMembership(ctx, call));
  }

  draftInvite(call: RoomCall & MembershipInput) {
    return this.write(call, (ctx) => {
      const draft = draftInvite(ctx, call);
      this.handshakes.inviteIsAsked(ctx.now, draft.eventId);
      return draft;
    });
  }

  commitInvite(call: RoomCall & { eventId: EventId; signatures: JsonObject }) {
    return this.write(call, (ctx) => commitInvite(ctx, call.eventId, call.signatures));
  }

  dropInvite(call: RoomCall & { eventId: EventId }) {
    return this.write(call, (ctx) => dropDraft(ctx, call.eventId));
  }

  rejectInvite(call: RoomCall & { userId: UserId; content: JsonObject }) {
    return this.write(call, (ctx) => {
      const sent = rejectRemoteInvite(ctx, call.userId, call.content);
      this.handshakes.inviteWasRejected(ctx, call.userId);
      return sent;
    });
  }

  async flush(call: RoomCall & { shard: string }) {
    if (this.isBorn()) await withinTime(FLUSH_MS, this.dispatcher.settled([`u:${call.shard}`, 'p:'])).catch(() => {});
    return answer(() => {});
  }

  async inviter(call: RoomCall & { userId: UserId }) {
    // A join that ended before it was sent leaves an entry in the registry and no tables.
    return answer(() => (this.isBorn() ? memberEvent(this.store, call.userId)?.sender : undefined));
  }

  async receipt(call: ReceiptCall) {
    const answered = await this.write(call, (ctx) => putReceipt(ctx, call));
    if (answered.ok && call.type === 'm.read')
      this.ephemeral.tellServers(receiptKey(call), receiptEdu(call), Date.now());
    return answered;
  }

  /** Passed over where who lets it in is behind with the settings: they may have been switched off meanwhile. */
  async remoteReceipt(call: ReceiptCall) {
    if (!this.hear(call)) return answer(() => {});
    return this.write(call, (ctx) => {
      requireAllowed(ctx.store, userIdServer(call.userId));
      return putReceipt(ctx, call);
    });
  }

  async typing(call: TypingCall) {
    this.hear(call);
    return this.read((store, now) => {
      if (!isJoined(store, call.userId)) throw forbidden('You are not in this room');
      this.setTyping(call.userId, call.until, now);
      const { roomId, userId } = call;
      this.ephemeral.tellServers(
        `typing ${roomId} ${userId}`,
        { edu_type: 'm.typing', content: { room_id: roomId, user_id: userId, typing: call.until !== undefined } },
        now,
      );
    });
  }

  /** The same as for {@link remoteReceipt}. */
  async remoteTyping(call: TypingCall) {
    if (!this.hear(call)) return answer(() => {});
    return this.read((store, now) => {
      requireAllowed(store, userIdServer(call.userId));
      if (isJoined(store, call.userId)) this.setTyping(call.userId, call.until, now);
    });
  }

  async readSync(call: RoomCall & SyncQuery) {
    return this.read((store, now) => readSync(store, call, now));
  }

  async readInvite(call: RoomCall & { userId: UserId }) {
    return this.read((store) => readInvite(store, call.userId));
  }

  async readMessages(call: RoomCall & MessagesQuery) {
    return this.read((store, now) => readMessages(store, call, now));
  }

  async readContext(call: RoomCall & ContextQuery) {
    return this.read((store, now) => readContext(store, call, now));
  }

  async readState(call: Who) {
    return this.read((store, now) => readState(store, call, now));
  }

  async readStateEvent(call: Who & { type: string; stateKey: string }) {
    return this.read((store, now) => readStateEvent(store, call, now));
  }

  async readMembers(call: RoomCall & MembersQuery) {
    return this.read((store, now) => readMembers(store, call, now));
  }

  async readJoinedMembers(call: Who) {
    return this.read((store) => readJoinedMembers(store, call.userId));
  }

  async readEvent(call: Who & { eventId: EventId }) {
    return this.read((store, now) => readEvent(store, call, now));
  }

  async joinedUsers(_call: RoomCall) {
    return this.readForServer(({ state, stream }) =>
      state.membersAt('join', stream.head()).map(({ userId }) => userId),
    );
  }

  async joinedServers(_call: RoomCall) {
    return this.readForServer(({ state, stream }) => state.serversAt(stream.head()));
  }

  decide(call: DecideCall) {
    return this.write(call, (ctx) => {
      if (call.isTakenUp !== true) requireAllowed(ctx.store, call.origin);
      return receive(ctx, call.origin, call.pdus);
    });
  }

  async unknownEvents(call: RoomCall & { eventIds: readonly EventId[] }) {
    return this.readForServer(({ events }) => call.eventIds.filter((eventId) => !events.has(eventId)));
  }

  async frontier(_call: RoomCall) {
    return this.readForServer(({ extremities, state, stream }) => ({
      extremities: extremities.forward(),
      servers: state.serversAt(stream.head()),
    }));
  }

  beginFill({ holder }: RoomCall & { holder: string }) {
    return answerAsync(() => this.#fillTurns.begin(holder));
  }

  async endFill({ holder }: RoomCall & { holder: string }) {
    return answer(() => this.#fillTurns.end(holder));
  }

  park(call: ParkCall) {
    return this.write(call, (ctx) => {
      if (call.isTakenUp !== true) requireAllowed(ctx.store, call.origin);
      park(ctx, call.origin, call.pdus);
    });
  }

  async listParked(call: RoomCall & Page) {
    return this.readForServer((store) => listParked(store, call));
  }

  async listRejected(call: RoomCall & Page) {
    return this.readForServer((store) => listRejected(store, call));
  }

  retryParked(call: RoomCall & { eventIds?: readonly EventId[] }) {
    return this.write(call, (ctx) => retryNow(ctx, call.eventIds));
  }

  backfilled(call: BackfilledCall) {
    return this.write(call, (ctx) => {
      const pdus = call.pdus.map((checked) => this.pdu(checked));
      const stored = backfill(ctx, pdus, call.claims);
      takeUpParked(ctx, stored);
      return stored.length > 0;
    });
  }

  makeMembership(call: MakeMembershipCall) {
    return this.write(call, (ctx) => makeMembership(ctx, call));
  }

  acceptMembership(call: AcceptMembershipCall) {
    return this.write(call, (ctx) => acceptMembership(ctx, this.pdu(call.pdu), call.origin, call.membership));
  }

  receiveInvite(call: ReceiveInviteCall) {
    return this.writeAtBirth(call, adoptInvitedVersion, (ctx) =>
      receiveInvite(ctx, { ...call, pdu: this.pdu(call.pdu) }),
    );
  }

  startJoin(call: StartJoinCall) {
    return this.writeAtBirth(call, adoptJoinedVersion, (ctx) => {
      const run = startJoin(ctx, { ...call, pdu: this.pdu(call.pdu) });
      this.handshakes.joinIsWorkedOn(ctx.now);
      return run;
    });
  }

  renewJoin(call: RoomCall & JoinRun) {
    return this.write(call, ({ store, now }) => {
      const counts = isRunning(store, call.run);
      if (counts) this.handshakes.joinIsWorkedOn(now);
      return counts;
    });
  }

  takeJoinEvents(call: TakeJoinEventsCall) {
    return this.write(call, (ctx) => {
      const events = call.events.map(({ unverified, ...checked }) => ({
        pdu: this.pdu(checked),
        ...(unverified === undefined ? {} : { unverified }),
      }));
      takeJoinEvents(ctx, { ...call, events });
    });
  }

  settleJoin(call: RoomCall & JoinRun & { readonly offset: number }) {
    return this.write(call, (ctx) => settleJoin(ctx, { ...call, read: (row) => this.pduOf(row) }));
  }

  storeOutliers(call: RoomCall & { pdus: readonly CheckedPdu[] }) {
    return this.write(call, (ctx) =>
      storeOutliers(
        ctx,
        call.pdus.map((checked) => this.pdu(checked)),
      ).map(({ eventId }) => eventId),
    );
  }

  finishJoin(call: FinishJoinCall) {
    return this.write(call, (ctx) => {
      const sent = finishJoin(ctx, { ...call, pdu: this.pdu(call.pdu) });
      this.handshakes.joinHasEnded(ctx);
      return sent;
    });
  }

  failJoin(call: RoomCall & FailedServer) {
    return this.write(call, (ctx) => {
      const goesOn = failJoin(ctx, call);
      this.handshakes.joinHasFailed(ctx, goesOn);
      return goesOn;
    });
  }

  async eventForServer(call: ServerQuery) {
    return this.readForServer((store) => eventForServer(store, call.origin, call.eventId));
  }

  async stateForServer(call: ServerQuery) {
    return this.readForServer((store) => stateForServer(store, call.origin, call.eventId));
  }

  async stateIdsForServer(call: ServerQuery) {
    return this.readForServer((store) => stateIdsForServer(store, call.origin, call.eventId));
  }

  async eventAuthForServer(call: ServerQuery) {
    return this.readForServer((store) => eventAuthForServer(store, call.origin, call.eventId));
  }

  async backfillForServer(call: RoomCall & { origin: ServerName; from: readonly EventId[]; limit: number }) {
    return this.readForServer((store) => backfillForServer(store, call.origin, call.from, call.limit));
  }

  async missingEventsForServer(call: MissingEventsCall) {
    return this.readForServer((store) => missingEventsForServer(store, call.origin, call));
  }

  rangeFor(call: RoomCall & DestinationQuery) {
    return this.write(call, ({ store }) => {
      const range = rangeForDestination(store, call, this.config.serverName);
      if (range.pdus.length === 0) this.dispatcher.reattach(`d:${call.server}`);
      return range;
    });
  }
}
