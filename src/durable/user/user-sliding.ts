import { readSettings } from '../../user/account-data/read-settings.ts';
import { generationOf } from '../../user/sliding/sliding-plan.ts';
import { countKeys, NO_KEYS } from '../../user/keys/count-keys.ts';
import { MemoryTypingBoard } from '../../user/progress/typing-board.ts';
import { commitAnswer, type SlidingAnswer } from '../../user/sliding/commit-answer.ts';
import { slidingPlan, type GivenPos } from '../../user/sliding/sliding-plan.ts';
import type { ConnectionName } from '../../user/sliding/sliding-store.ts';
import { ToldTyping } from '../../user/sliding/told-typing.ts';
import type { SlidingPlanAnswer, SlidingPlanCall, UserSlidingRpc } from './rpc.ts';
import { UserInbox } from './user-inbox.ts';

const NOTHING: SlidingPlanAnswer = {
  seq: 0,
  lists: {},
  rooms: [],
  accountData: [],
  stale: [],
  typing: [],
  keys: NO_KEYS,
  toDevice: [],
  ignoredUsers: [],
};

/** Connections whose newest request is remembered. */
const MAX_REMEMBERED = 10_000;

/** Connections of sliding sync. */
export abstract class UserSliding extends UserInbox implements UserSlidingRpc {
  protected readonly typing = new MemoryTypingBoard();
  /** The newest request of each connection: what an older one would answer, nobody waits for any more. */
  readonly #requests = new Map<string, string>();
  readonly #toldTyping = new ToldTyping();

  async slidingPlan(call: SlidingPlanCall) {
    const { userId, deviceId, presence } = call;
    const receiver =
      call.toDevice === undefined ? { userId, deviceId } : { userId, deviceId, toDevice: call.toDevice.after };
    if (call.isFirst) {
      const shown = presence === undefined ? {} : { presence };
      this.syncs({ userId, deviceId, since: undefined, fullState: false, includeLeave: false, ...shown });
      this.#remember(call);
      this.noteReceived(receiver);
    }
    return this.read(NOTHING, () => {
      const name = textOf(call);
      const told = this.#toldTyping.told(name, call.pos?.generation);
      const { toldTyping, ...plan } = slidingPlan(this.slidingStores(), this.typing, { ...call, toldTyping: told });
      this.#toldTyping.planned(name, call.request, toldTyping);
      const keys = countKeys(this.keys, { userId, deviceId });
      const toDevice = this.messagesFor(receiver, call.toDevice?.limit);
      return { ...plan, keys, toDevice, ...this.#deviceLists(call), ...readSettings(this.people, userId) };
    });
  }

  async slidingCommit(call: SlidingAnswer & { readonly request: string; readonly opId?: string }) {
    return this.write<GivenPos | undefined>(call, (now) => {
      const newest = this.#requests.get(textOf(call));
      if (newest !== undefined && newest !== call.request) return undefined;
      const given = commitAnswer(this.slidingStores(), call, now);
      this.#toldTyping.given(textOf(call), call.request, given.generation);
      return given;
    });
  }

  /** What changed since the answer that the client has. */
  #deviceLists(call: SlidingPlanCall): Pick<SlidingPlanAnswer, 'deviceLists'> {
    if (call.deviceLists !== true || call.pos === undefined) return {};
    const deviceLists = this.deviceListsFor(call.userId, generationOf(this.slidingStores(), call).seq);
    return deviceLists === undefined ? {} : { deviceLists };
  }

  #remember(call: ConnectionName & { readonly request: string }): void {
    const name = textOf(call);
    this.#requests.delete(name);
    this.#requests.set(name, call.request);
    const [oldest] = this.#requests.keys();
    if (this.#requests.size > MAX_REMEMBERED && oldest !== undefined) this.#requests.delete(oldest);
  }

  protected slidingStores() {
    return { people: this.people, progress: this.progress, sliding: this.sliding };
  }
}

function textOf({ userId, deviceId, connId }: ConnectionName): string {
  return JSON.stringify([userId, deviceId, connId]);
}
