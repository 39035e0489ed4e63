import { withTimeout } from '../../federation/http-fetch.ts';
import { limitExceeded, MatrixError } from '../../matrix/error.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import { readSettings, type ReadSettings } from '../../user/account-data/read-settings.ts';
import type { ShardApply } from '../../user/progress/apply-range.ts';
import type { MovedRoom } from '../../user/progress/store.ts';
import type { Pusher, PusherKey } from '../../user/pushes/push-store.ts';
import { BACKSTOP_MS, PushRunner, type RoomPushQuery, type UserPushes } from '../../user/pushes/run-pushes.ts';
import { objectStubs } from '../objects.ts';
import { roomClient } from '../room/client.ts';
import { settingsOf } from '../settings.ts';
import { turn } from '../turn.ts';
import type { SetPusherCall, UserPushRpc } from './rpc.ts';
import { notifyGateway } from './push-gateway.ts';
import { UserKeyBackup } from './user-key-backup.ts';

const NO_ROOMS: ReadSettings & { readonly rooms: readonly MovedRoom[] } = { rooms: [], ignoredUsers: [] };

/** The duty that goes on with pushes where nobody else does. */
export const PUSHES = 'pushes';
/** A room that is slower is asked again later. */
const ROOM_TIMEOUT_MS = 20_000;
/** Of one user. */
const MAX_PUSHERS = 50;

/** What users are notified of, and the push gateways that are told. */
export abstract class UserPush extends UserKeyBackup implements UserPushRpc {
  #runner: PushRunner | undefined;

  async notificationRooms({ userId, limit }: { readonly userId: UserId; readonly limit: number }) {
    return this.read(NO_ROOMS, () => {
      const settings = readSettings(this.people, userId);
      const memberships = settings.blocksInvites === true ? ['join'] : ['join', 'invite'];
      return { rooms: this.progress.roomsByMove(userId, limit, memberships), ...settings };
    });
  }

  async pushers({ userId }: { readonly userId: UserId }) {
    return this.read<readonly Pusher[]>([], () => this.pushes.pushers(userId));
  }

  async setPusher(call: SetPusherCall) {
    const { pusher, append } = call;
    const answered = this.write(call, (now) => {
      const others = this.pushes.pushers(pusher.userId).filter((other) => !isSame(other, pusher));
      if (others.length >= MAX_PUSHERS) throw limitExceeded('You have too many pushers', { retry_after_ms: 3_600_000 });
      if (!append) this.pushes.removeOthers(pusher);
      this.pushes.putPusher({ ...pusher, setTs: now, attempts: 0 });
      // What is unread in the rooms is not known yet.
      for (const { roomId, membership } of this.progress.roomsOf(pusher.userId)) {
        const pos = membership === 'join' ? this.progress.cursor(roomId)?.pos : undefined;
        if (pos !== undefined) this.pushes.noteRoom(roomId, pos);
      }
      this.schedule.setAtLatest(PUSHES, '', now + BACKSTOP_MS);
    });
    this.startPushes();
    return answered;
  }

  async removePusher(call: PusherKey & { readonly opId?: string }) {
    return this.write(call, () => this.pushes.removePusher(call));
  }

  /** Of a range that is applied, in the same transaction. Costs one row, where a user with a pusher is in the room. */
  protected notePushes(call: ShardApply, before: number | undefined, now: number): void {
    if (this.pushes.usersIn(call.roomId).length === 0) return;
    const first = Math.min(...call.memberships.map(({ pos }) => pos - 1), call.to);
    this.pushes.noteRoom(call.roomId, before ?? call.from ?? first);
    this.schedule.setAtLatest(PUSHES, '', now + BACKSTOP_MS);
  }

  /** Goes on with what is due, in the background: nobody waits for a push gateway. */
  protected startPushes(): void {
    if (this.isBorn() && this.pushes.users().length > 0) this.#pushing().start();
  }

  /** @returns when to go on, in milliseconds since the epoch. */
  protected goOnWithPushes(): number | undefined {
    this.#pushing().start();
    return this.#pushing().next();
  }

  #pushing(): PushRunner {
    this.#runner ??= new PushRunner({
      store: this.pushes,
      settings: (userId) => readSettings(this.people, userId),
      positionOf: (roomId: RoomId) => this.progress.cursor(roomId)?.pos,
      readRoom: (query) => withTimeout(ROOM_TIMEOUT_MS, () => this.#readRoom(query)),
      notify: (url, body) => notifyGateway(this.config, url, body),
      turn: (work) => turn(this.ctx.storage, [this.pushes], { now: Date.now() }, work),
      background: (work) => this.ctx.waitUntil(work),
      wakeAt: (at) => this.schedule.setAtLatest(PUSHES, '', at),
      now: () => Date.now(),
    });
    return this.#runner;
  }

  async #readRoom(query: RoomPushQuery): Promise<readonly UserPushes[] | undefined> {
    const rooms = roomClient(objectStubs(this.env, this.config), settingsOf(this.env, this.config));
    try {
      return await rooms.readPushes(query);
    } catch (error) {
      if (error instanceof MatrixError && error.status < 500 && error.status !== 429) return undefined;
      throw error;
    }
  }
}

const isSame = (a: PusherKey, b: PusherKey): boolean => a.appId === b.appId && a.pushkey === b.pushkey;
