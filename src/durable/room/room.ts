import type { EventId, RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { createRoom } from '../../room/create/create-room.ts';
import { adoptInvitedVersion, adoptJoinedVersion } from '../../room/lifecycle.ts';
import { isJoining } from '../../room/join/join-saga.ts';
import { forbidden } from '../../matrix/error.ts';
import { isJoined, receiptEdu, receiptKey } from '../../room/receipts/receipt-edu.ts';
import { changeMembership, type MembershipInput } from '../../room/membership/change-membership.ts';
import { receiveInvite, receiveKnock, rejectRemoteInvite } from '../../room/membership/out-of-band.ts';
import { commitInvite, draftInvite, dropDraft } from '../../room/membership/remote-invite.ts';
import { putLatestReceipt } from '../../room/receipts/put-latest-receipt.ts';
import { putReceipt } from '../../room/receipts/put-receipt.ts';
import { doubtOf } from '../../room/servers/doubt.ts';
import { shutdownOf, type Shutdown } from '../../room/shutdown/require-open.ts';
import { beginShutdown, countInsiders, endShutdown } from '../../room/shutdown/shutdown.ts';
import { beginUpgrade } from '../../room/upgrade/upgrade-saga.ts';
import { sendOnce, type SendInput } from '../../room/send/send-event.ts';
import { setPowerLevel, type PowerLevelInput } from '../../room/send/set-power-level.ts';
import { answer } from '../call.ts';
import { withinTime } from '../within-time.ts';
import type {
  CreateCall,
  ReceiptCall,
  ReceiptsCall,
  ReceiveInviteCall,
  ReceiveKnockCall,
  RoomCall,
  RoomRpc,
  TypingCall,
} from './rpc.ts';
import { RoomJoins } from './room-joins.ts';

/** What a caller will look for at once is waited for no longer than this (contracts, section 8). */
const FLUSH_MS = 2_000;

/** One room: its event graph, state, order and stream. Thin: every method is one use-case of `src/room`. */
export class Room extends RoomJoins implements RoomRpc {
  async status(_call: RoomCall) {
    return answer(() => {
      if (!this.isBorn()) {
        return { lifecycle: 'unborn' as const, roomVersion: undefined, head: 0, isJoining: false, doubt: undefined };
      }
      const { meta, stream } = this.store;
      const shutdown = shutdownOf(this.store);
      return {
        lifecycle: meta.lifecycle(),
        roomVersion: meta.roomVersion(),
        head: stream.head(),
        isJoining: isJoining(this.store),
        doubt: doubtOf(meta),
        ...(shutdown === undefined ? {} : { shutdown: { ...shutdown, remaining: this.#insiders() } }),
      };
    });
  }

  #insiders(): number {
    return countInsiders({ store: this.store, serverName: this.config.serverName });
  }

  shutDown(call: RoomCall & Pick<Shutdown, 'by' | 'notice'>) {
    return this.write(call, (ctx) => {
      beginShutdown(ctx, call);
      this.handshakes.joinHasFailed(ctx, false);
      this.shutdowns.hasBegun(ctx.now);
    });
  }

  reopen(call: RoomCall) {
    return this.write(call, ({ store }) => endShutdown(store));
  }

  create(call: CreateCall) {
    return this.writeAtBirth(call, adoptJoinedVersion, (ctx) =>
      createRoom(ctx, { ...call, create: this.pdu(call.create) }),
    );
  }

  send(call: RoomCall & SendInput) {
    return this.write(call, (ctx) => sendOnce(ctx, call));
  }

  setPowerLevel(call: RoomCall & PowerLevelInput) {
    return this.write(call, (ctx) => setPowerLevel(ctx, call));
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

  beginUpgrade(call: RoomCall & { userId: UserId; replacement: RoomId }) {
    return this.write(call, (ctx) => {
      const sent = beginUpgrade(ctx, call);
      this.upgrades.hasBegun(ctx.now);
      return sent;
    });
  }

  directoryMoved(call: RoomCall & { replacement: RoomId }) {
    return this.write(call, (ctx) => this.upgrades.directoryMoved(ctx, call.replacement));
  }

  async flush(call: RoomCall & { shard: string }) {
    if (this.isBorn()) await withinTime(FLUSH_MS, this.dispatcher.settled([`u:${call.shard}`, 'p:'])).catch(() => {});
    return answer(() => {});
  }

  async receipt(call: ReceiptCall) {
    const answered = await this.writeReceipts(
      call,
      (ctx) => putReceipt(ctx, call),
      (isKept) => {
        if (isKept && call.type === 'm.read') this.ephemeral.gather(receiptKey(call), receiptEdu(call), Date.now());
      },
    );
    return answered.ok ? answer(() => {}) : answered;
  }

  async latestReceipts(call: ReceiptsCall) {
    return this.writeReceipts(
      call,
      (ctx) => call.receipts.map((receipt) => putLatestReceipt(ctx, receipt, call.ts)),
      (outcomes) => {
        for (const outcome of outcomes) {
          if ('reason' in outcome || outcome.kept?.type !== 'm.read') continue;
          const receipt = { ...outcome.kept, roomId: call.roomId };
          this.ephemeral.gather(receiptKey(receipt), receiptEdu(receipt), Date.now());
        }
      },
    );
  }

  async forgetUser(call: RoomCall & { readonly userId: UserId }) {
    if (!this.isBorn()) return answer(() => {});
    return this.write(call, ({ store }) => {
      if (!isJoined(store, call.userId)) store.localUsers.setForgotten(call.userId, store.stream.head());
    });
  }

  async erase(call: RoomCall & { readonly userId: UserId }) {
    return this.write(call, ({ store }) => store.erasures.put(call.userId, store.stream.head()));
  }

  async typing(call: TypingCall) {
    this.hear(call);
    return this.read((store, now) => {
      if (!isJoined(store, call.userId)) throw forbidden('You are not in this room');
      this.setTyping(call, now);
      const { roomId, userId } = call;
      const content = { room_id: roomId, user_id: userId, typing: call.until !== undefined };
      this.ephemeral.tellServers(`typing ${roomId} ${userId}`, { edu_type: 'm.typing', content }, now);
    });
  }

  receiveInvite(call: ReceiveInviteCall) {
    return this.writeAtBirth(call, adoptInvitedVersion, (ctx) =>
      receiveInvite(ctx, { ...call, pdu: this.pdu(call.pdu) }),
    );
  }

  receiveKnock(call: ReceiveKnockCall) {
    return this.writeAtBirth(call, adoptInvitedVersion, (ctx) =>
      receiveKnock(ctx, { ...call, pdu: this.pdu(call.pdu) }),
    );
  }
}
