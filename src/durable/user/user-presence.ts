import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import { LocalPresence, type HeldPoll } from '../../user/presence/local-presence.ts';
import type { Presence } from '../../user/presence/presence.ts';
import { PresenceBoard, type PostedPresence } from '../../user/presence/presence-board.ts';
import { answer, answerAsync, type RpcResult } from '../call.ts';
import { PresenceAudience } from './presence-audience.ts';
import type {
  Acted,
  DeactivateCall,
  PlanCall,
  PresenceCall,
  RemotePresenceCall,
  UserPresenceRpc,
  Waiting,
} from './rpc.ts';
import { turn } from '../turn.ts';
import type { Duty } from '../schedule.ts';
import { APPSERVICES } from './appservice-notices.ts';
import { UserRoomJobs } from './user-room-jobs.ts';

const DUTY = 'presence';
/** How often those who are told to be present are looked at. */
const SWEEP_MS = 30_000;
/** Other shards and servers are told at most this often (contracts, section 6). */
const TELL_EVERY_MS = 5_000;
/** Rooms of a user whose members are told, and of the shard in which remote users are looked for. */
const MAX_ROOMS = 200;
/** Nobody takes an application service that has ended for registered any more after this. */
const ENDED_MS = 60_000;
/** Those rooms are made out again after this, or when one of the shard's users comes or changes rooms. */
const LATEST_MS = 5_000;

/** How users are: those of the shard, and others as far as the shard's users may see them. */
export abstract class UserPresence extends UserRoomJobs implements UserPresenceRpc {
  readonly #local = new LocalPresence(this.presence, (userId) => this.#heldBy(userId));
  readonly #board = new PresenceBoard();
  readonly #audience = new PresenceAudience(this.env, this.config);
  readonly #untold = new Map<UserId, PostedPresence & Acted>();
  #latest: { readonly roomIds: readonly RoomId[]; readonly until: number } | undefined;
  #tellAt = 0;
  #isTelling = false;

  /** A device syncs. */
  protected syncs({ userId, deviceId, presence, appservice }: PlanCall): void {
    if (presence === undefined || !this.isBorn()) return;
    const now = Date.now();
    this.#local.use(userId, deviceId, presence.state, now + presence.holdMs, now);
    this.#settle({ userId, appservice }, now);
  }

  async setPresence(call: PresenceCall): Promise<RpcResult<void>> {
    return answer(() => {
      if (!this.isBorn()) return;
      const now = Date.now();
      const { userId, deviceId, presence, statusMsg, appservice } = call;
      if (presence === 'online') this.#local.act(userId, now);
      this.#local.say(userId, deviceId, presence, now);
      this.#settle({ userId, appservice }, now, statusMsg ?? null);
    });
  }

  async noteActivity({ userId, appservice }: Acted & { readonly userId: UserId }): Promise<RpcResult<void>> {
    return answer(() => {
      if (!this.isBorn() || this.presence.get(userId) === undefined) return;
      const now = Date.now();
      this.#local.act(userId, now);
      this.#settle({ userId, appservice }, now);
    });
  }

  async ownPresence({ userId }: { readonly userId: UserId }) {
    return this.read<PostedPresence | undefined>(undefined, () => ({
      presence: this.#local.current(userId, Date.now()),
      roomIds: this.#roomsOf(userId),
    }));
  }

  async presenceSeenBy({ userId, target }: { readonly userId: UserId; readonly target: UserId }) {
    return this.read<Presence | undefined>(undefined, () => {
      const posted = this.#board.get(target);
      return posted !== undefined && this.#maySee(userId, posted) ? posted.presence : undefined;
    });
  }

  async applyPresence({ posted }: { readonly posted: readonly PostedPresence[] }): Promise<RpcResult<void>> {
    return answer(() => {
      if (this.isBorn()) this.#post(posted);
    });
  }

  async applyRemotePresence({ origin, updates }: RemotePresenceCall): Promise<RpcResult<void>> {
    return answerAsync(async () => {
      if (!this.isBorn()) return;
      const ids = updates.map(({ userId }) => userId);
      const rooms = await this.#audience.roomsOf(origin, ids, this.#latestRooms(), Date.now());
      const posted = updates.map((presence) => ({ presence, roomIds: rooms.get(presence.userId) ?? [] }));
      const seen = posted.filter(({ roomIds }) => roomIds.length > 0);
      this.#post(seen);
      this.ctx.waitUntil(this.notices.presence(seen));
    });
  }

  /** Memberships of a room changed, so that others see each other. */
  protected forgetAudience(roomId: RoomId): void {
    this.#audience.forget(roomId);
    this.#latest = undefined;
  }

  override async deactivate(call: DeactivateCall) {
    const answered = await super.deactivate(call);
    if (!this.isBorn()) return answered;
    const { userId } = call;
    const roomIds = this.#roomsOf(userId);
    this.#local.leave(userId);
    this.#publish({ presence: { userId, presence: 'offline', currentlyActive: false }, roomIds }, Date.now());
    return answered;
  }

  /** What a user is shown of others and of themselves. @param since `undefined`: an initial sync. */
  protected presenceFor(userId: UserId, since: number | undefined): readonly Presence[] {
    return this.#board
      .changedAfter(since)
      .filter((posted) => this.#maySee(userId, posted))
      .map(({ presence }) => presence);
  }

  protected override otherDuty({ kind, key }: Duty): Promise<number | undefined> | number | undefined {
    if (kind === APPSERVICES) return this.#attendAppservices(key);
    if (kind !== DUTY) return undefined;
    const now = Date.now();
    for (const { userId } of this.presence.present()) this.#settle({ userId }, now);
    return this.presence.present().length > 0 ? now + SWEEP_MS : undefined;
  }

  /** Tells them of the log, and drops messages for those that have ended, of which another isolate knew for longer. */
  async #attendAppservices(shard: string): Promise<number | undefined> {
    const again = await this.notices.attend(shard);
    const registered = this.notices.registered();
    if (again !== undefined || registered === undefined) return again;
    const before = Date.now() - ENDED_MS;
    const hasLater = turn(this.ctx.storage, [], { now: Date.now() }, () =>
      this.appserviceMessages.removeEnded(registered, before),
    );
    return hasLater ? Date.now() + ENDED_MS : undefined;
  }

  /** Where a user turns out to be another way than was told, tells it. */
  #settle({ userId, appservice }: Acted & { readonly userId: UserId }, now: number, statusMsg?: string | null): void {
    const changed = this.write({}, () => {
      const settled = this.#local.settle(userId, now, statusMsg);
      if (settled !== undefined && settled.presence !== 'offline') this.schedule.setIfAbsent(DUTY, '', now + SWEEP_MS);
      return settled;
    });
    if (!changed.ok || changed.value === undefined) return;
    this.#latest = undefined;
    this.#publish({ presence: changed.value, roomIds: this.#roomsOf(userId), appservice }, now);
  }

  #publish({ appservice, ...posted }: PostedPresence & Acted, now: number): void {
    this.#post([posted]);
    const { userId } = posted.presence;
    const untold = this.#untold.get(userId);
    // What others changed of it is not told to them yet.
    const isTheirsAlone = untold === undefined || untold.appservice === appservice;
    this.#untold.set(userId, { ...posted, appservice: isTheirsAlone ? appservice : undefined });
    if (this.#isTelling) return;
    this.#isTelling = true;
    setTimeout(() => void this.#tell(), Math.max(0, this.#tellAt - now));
  }

  async #tell(): Promise<void> {
    const now = Date.now();
    const posted = [...this.#untold.values()];
    this.#untold.clear();
    void this.notices.presence(posted);
    this.#tellAt = now + TELL_EVERY_MS;
    this.#isTelling = false;
    await this.#audience.tell(posted, this.ctx.id.name, now).catch(() => undefined);
  }

  /** What comes together wakes once. */
  #post(all: readonly PostedPresence[]): void {
    if (all.length === 0) return;
    const seq = this.write({}, () => this.progress.take());
    if (!seq.ok) return;
    for (const posted of all) this.#board.post(posted, seq.value);
    this.wake((userId) => all.some((posted) => this.#maySee(userId, posted)), 'presence');
  }

  #maySee(userId: UserId, { presence, roomIds }: PostedPresence): boolean {
    if (userId === presence.userId) return true;
    return this.progress.isJoinedToOne(userId, roomIds);
  }

  #roomsOf(userId: UserId): readonly RoomId[] {
    return this.progress.roomsByMove(userId, MAX_ROOMS).map(({ roomId }) => roomId);
  }

  /** Of the users who are present, and those that moved last, for application services, whose users need not be. */
  #latestRooms(): readonly RoomId[] {
    const now = Date.now();
    if (this.#latest !== undefined && now < this.#latest.until) return this.#latest.roomIds;
    const rooms = new Set<RoomId>();
    for (const { userId } of this.presence.present()) {
      if (rooms.size >= MAX_ROOMS) break;
      for (const roomId of this.#roomsOf(userId)) rooms.add(roomId);
    }
    const moved = this.notices.areWanted() ? this.progress.roomsMovedLast(MAX_ROOMS) : [];
    const roomIds = [...new Set([...[...rooms].slice(0, MAX_ROOMS), ...moved])];
    this.#latest = { roomIds, until: now + LATEST_MS };
    return roomIds;
  }

  #heldBy(userId: UserId): readonly HeldPoll[] {
    return this.ctx.getWebSockets(userId).flatMap((socket) => {
      const waiting = socket.deserializeAttachment() as Waiting | null;
      const state = socket.readyState === WebSocket.OPEN ? waiting?.plan.presence?.state : undefined;
      return state === undefined || waiting === null ? [] : [{ deviceId: waiting.plan.deviceId, state }];
    });
  }
}
