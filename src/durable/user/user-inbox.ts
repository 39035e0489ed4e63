import type { Appservice } from '../../appservice/appservices.ts';
import { unavailable } from '../../matrix/error.ts';
import type { WaitingMessage } from '../../user/inbox/inbox-store.ts';
import { movesForAppservice, type AppserviceMoves, type MovesQuery } from '../../user/inbox/moves-for-appservice.ts';
import { receiveMessages, type Delivery, type ReceivedMessage } from '../../user/inbox/receive-messages.ts';
import { appservicesOf } from '../appservices.ts';
import { answerAsync, type RpcResult } from '../call.ts';
import { turn } from '../turn.ts';
import { withinTime } from '../within-time.ts';
import type { PlanCall, UserInboxRpc } from './rpc.ts';
import { UserPresence } from './user-presence.ts';

/** Source: Client-Server API, "Send-to-Device messaging". */
const MAX_MESSAGES = 100;
const D1_TIMEOUT_MS = 10_000;
const NO_MOVES: AppserviceMoves = { seq: 0, head: 0, rooms: [], messages: [], goesOn: false };

type Receiver = Pick<PlanCall, 'userId' | 'deviceId' | 'toDevice'>;

/** Messages for devices of the shard's users. */
export abstract class UserInbox extends UserPresence implements UserInboxRpc {
  async receiveMessages({ deliveries }: { readonly deliveries: readonly Delivery[] }): Promise<RpcResult<void>> {
    const told = await answerAsync(() => this.#toldAppservices());
    if (!told.ok) return told;
    const stores = { inbox: this.inbox, devices: this.people };
    let isCopied = false;
    const received = this.write({}, (now) => {
      const messages = receiveMessages(stores, deliveries, () => this.progress.take(), now);
      isCopied = this.#copy(messages, told.value, now);
      return messages;
    });
    if (!received.ok) return received;
    const devices = new Set(received.value.map(({ userId, deviceId }) => `${userId} ${deviceId}`));
    if (devices.size > 0) this.wake((userId, deviceId) => devices.has(`${userId} ${deviceId}`));
    if (isCopied) this.ctx.waitUntil(this.notices.tell(this.name()));
    return { ok: true, value: undefined };
  }

  async hasReceived({ sender, messageId }: Pick<Delivery, 'sender' | 'messageId'>) {
    return this.read(false, () => this.inbox.hasReceived(sender, messageId));
  }

  async movesAfter(call: MovesQuery): Promise<RpcResult<AppserviceMoves>> {
    const { appserviceId = '', after = 0 } = call.messages ?? {};
    // Who asks for what comes behind has everything before.
    if (after > 0 && this.isBorn() && this.appserviceMessages.hasUpTo(appserviceId, after)) {
      const remove = () => this.appserviceMessages.removeUpTo(appserviceId, after);
      turn(this.ctx.storage, [], { now: Date.now() }, remove);
    }
    return this.read(NO_MOVES, () => ({
      ...movesForAppservice(this.progress, this.appserviceMessages, call),
      ...(call.devices === undefined ? {} : { devices: this.deviceNewsAfter(call.devices) }),
    }));
  }

  async countAppserviceMessages({ appserviceId, after }: { readonly appserviceId: string; readonly after: number }) {
    return this.read(0, () => this.appserviceMessages.countAfter(appserviceId, after));
  }

  /** With its token a device says what it has received: that is not told again. */
  protected noteReceived({ toDevice, ...device }: Receiver): void {
    const upTo = toDevice ?? 0;
    if (upTo === 0 || !this.isBorn() || upTo > this.progress.head() || !this.inbox.hasUpTo(device, upTo)) return;
    turn(this.ctx.storage, [], { now: Date.now() }, () => this.inbox.removeUpTo(device, upTo));
  }

  /** A token ahead of the shard is one of a time before a restore. */
  protected messagesFor({ toDevice, ...device }: Receiver, limit = MAX_MESSAGES): readonly WaitingMessage[] {
    if (toDevice === undefined) return [];
    return this.inbox.after(device, toDevice <= this.progress.head() ? toDevice : 0, limit);
  }

  /** Those that are sent messages. Where D1 does not answer, those that are known; throws 503 where none are. */
  async #toldAppservices(): Promise<readonly Appservice[]> {
    const appservices = appservicesOf(this.env, this.config);
    const all = await withinTime(D1_TIMEOUT_MS, appservices.all()).catch(() => appservices.known());
    if (all === undefined) throw unavailable('The database does not answer');
    return all.filter(({ registration }) => registration.receivesEphemeral);
  }

  /** Runs in the transaction that is open. @returns whether there is something for an application service. */
  #copy(messages: readonly ReceivedMessage[], appservices: readonly Appservice[], now: number): boolean {
    let isCopied = false;
    for (const appservice of appservices) {
      for (const message of messages) {
        if (!appservice.ownsUser(message.userId)) continue;
        this.appserviceMessages.add(appservice.id, { ...message, ts: now });
        isCopied = true;
      }
    }
    if (isCopied) this.notices.note(this.name(), now);
    return isCopied;
  }
}
