import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import { backfill } from '../../room/backfill/backfill.ts';
import { lastSentTo } from '../../room/dispatch/last-sent.ts';
import {
  rangeForDestination,
  rangeOnceMore,
  type DestinationQuery,
} from '../../room/dispatch/range-for-destination.ts';
import { FillTurns } from '../../room/fill-turns.ts';
import { storeOutliers } from '../../room/join/join-events.ts';
import { listParked, listRejected, type Page } from '../../room/park/list.ts';
import { park } from '../../room/park/park.ts';
import { receive, takeUpParked } from '../../room/park/receive.ts';
import { retryNow } from '../../room/park/retry.ts';
import { knockRoomState } from '../../room/membership/invite-room-state.ts';
import { thirdPartyInvite } from '../../room/membership/third-party-invite.ts';
import type { TimeQuery } from '../../room/read/closest-event.ts';
import { isJoined } from '../../room/receipts/receipt-edu.ts';
import { putReceipt } from '../../room/receipts/put-receipt.ts';
import { endDoubt, noteRefused } from '../../room/servers/doubt.ts';
import { joinAnswer, type JoinAnswerQuery } from '../../room/servers/join-answer.ts';
import { acceptMembership, makeMembership } from '../../room/servers/membership-handshake.ts';
import {
  backfillForServer,
  eventAuthForServer,
  eventByTimeForServer,
  eventForServer,
  missingEventsForServer,
  stateForServer,
  stateIdsForServer,
} from '../../room/servers/read-for-server.ts';
import { hasManyExtremities } from '../../room/send/merge-extremities.ts';
import { requireAllowed } from '../../room/servers/require-allowed.ts';
import { answer, answerAsync } from '../call.ts';
import { textStream } from '../text-stream.ts';
import type {
  AcceptMembershipCall,
  BackfilledCall,
  CheckedPdu,
  DecideCall,
  MakeMembershipCall,
  MissingEventsCall,
  ParkCall,
  RemoteReceiptsCall,
  RoomCall,
  TypingCall,
} from './rpc.ts';
import { EXTREMITIES } from './room-object.ts';
import { adoptClaims, type ExtremityClaim } from '../../room/state/adopt-claims.ts';
import { RoomReads } from './room-reads.ts';

/** So long other servers, or a local user who says something, have time to join the ends of the graph. */
const MERGE_AFTER_MS = 10_000;

type ServerQuery = RoomCall & { readonly origin: ServerName; readonly eventId: EventId };

/** What other servers send to a room and ask of it, and what our Worker does there for them. */
export abstract class RoomServers extends RoomReads {
  readonly #fillTurns = new FillTurns((delayMs, work) => {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  });

  decide(call: DecideCall) {
    return this.write(call, (ctx) => {
      if (call.isTakenUp !== true) requireAllowed(ctx.store, call.origin);
      const outcome = receive(ctx, call.origin, call.pdus);
      if (hasManyExtremities(ctx.store)) this.schedule.setIfAbsent(EXTREMITIES, '', ctx.now + MERGE_AFTER_MS);
      return outcome;
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

  async thirdPartyInvite(call: RoomCall & { origin: ServerName; token: string }) {
    return this.readForServer((store) => thirdPartyInvite(store, call));
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

  rebuildProjection(call: RoomCall) {
    return this.write(call, ({ now }) => this.projection.begin(now));
  }

  serverRefused(call: RoomCall & { server: ServerName }) {
    return this.write(call, (ctx) => noteRefused(ctx, call.server));
  }

  retryParked(call: RoomCall & { eventIds?: readonly EventId[] }) {
    return this.write(call, (ctx) => retryNow(ctx, call.eventIds));
  }

  adoptClaims(call: RoomCall & { claims: readonly ExtremityClaim[] }) {
    return this.write(call, (ctx) => {
      endDoubt(ctx.store.meta);
      return adoptClaims(ctx, call.claims);
    });
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
    return this.write(call, (ctx) => acceptMembership(ctx, { ...call, pdu: this.pdu(call.pdu) }));
  }

  async joinAnswer(call: RoomCall & JoinAnswerQuery) {
    return this.readForServer((store) => textStream(joinAnswer(store, this.config.serverName, call)));
  }

  async knockRoomState(call: ServerQuery) {
    return this.readForServer((store) => knockRoomState(store, call));
  }

  async eventForServer(call: ServerQuery) {
    return this.readForServer((store) => eventForServer(store, call.origin, call.eventId));
  }

  async stateForServer(call: ServerQuery) {
    return this.readForServer((store) => textStream(stateForServer(store, call.origin, call.eventId)));
  }

  async stateIdsForServer(call: ServerQuery) {
    return this.readForServer((store) => textStream(stateIdsForServer(store, call.origin, call.eventId)));
  }

  async eventAuthForServer(call: ServerQuery) {
    return this.readForServer((store) => textStream(eventAuthForServer(store, call.origin, call.eventId)));
  }

  async backfillForServer(call: RoomCall & { origin: ServerName; from: readonly EventId[]; limit: number }) {
    return this.readForServer((store) => backfillForServer(store, call.origin, call.from, call.limit));
  }

  async eventByTimeForServer(call: RoomCall & TimeQuery & { origin: ServerName }) {
    return this.readForServer((store) => eventByTimeForServer(store, call.origin, call));
  }

  async missingEventsForServer(call: MissingEventsCall) {
    return this.readForServer((store) => missingEventsForServer(store, call.origin, call));
  }

  async rangeFor(call: RoomCall & DestinationQuery) {
    const { to } = call;
    if (to !== undefined) return this.readForServer((store) => rangeOnceMore(store, call, to, this.config.serverName));
    return this.write(call, ({ store }) => {
      const range = rangeForDestination(store, call, this.config.serverName);
      if (range.pdus.length === 0) this.dispatcher.reattach(`d:${call.server}`);
      return range;
    });
  }

  async lastSentTo({ server, notAfter = Infinity }: RoomCall & { server: ServerName; notAfter?: number }) {
    return this.readForServer((store) => {
      const through = Math.min(notAfter, this.dispatcher.confirmedThrough(`d:${server}`));
      return lastSentTo(store, { server, through, serverName: this.config.serverName });
    });
  }

  /** Passed over where who lets it in is behind with the settings: they may have been switched off meanwhile. */
  async remoteReceipts(call: RemoteReceiptsCall) {
    if (!this.hear(call)) return answer(() => {});
    return this.writeReceipts(call, (ctx) => {
      requireAllowed(ctx.store, call.origin);
      for (const receipt of call.receipts) putReceipt(ctx, receipt);
    });
  }

  /** The same as for {@link remoteReceipts}. */
  async remoteTyping(call: TypingCall) {
    if (!this.hear(call)) return answer(() => {});
    return this.read((store, now) => {
      requireAllowed(store, userIdServer(call.userId));
      if (isJoined(store, call.userId)) this.setTyping(call, now);
    });
  }

  storeOutliers(call: RoomCall & { pdus: readonly CheckedPdu[] }) {
    return this.write(call, (ctx) =>
      storeOutliers(
        ctx,
        call.pdus.map((checked) => this.pdu(checked)),
      ).map(({ eventId }) => eventId),
    );
  }
}
