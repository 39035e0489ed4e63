import type { AccountDataRow } from '../../user/devices/device-store.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { PushRuleChange } from '../../matrix/push-rules/change-rules.ts';
import { NO_OWN_RULES, rulesetOf } from '../../matrix/push-rules/ruleset.ts';
import { changeTag, tagsOf, type TagChange } from '../../user/account-data/change-tag.ts';
import { readSettings } from '../../user/account-data/read-settings.ts';
import { toldAccountData } from '../../user/account-data/told-account-data.ts';
import { applyRange, joinersOf, type ShardApply } from '../../user/progress/apply-range.ts';
import { hasSlidingNews } from '../../user/sliding/sliding-news.ts';
import { syncPlan } from '../../user/progress/sync-plan.ts';
import { noteDeviceChange } from '../../user/device-lists/note-change.ts';
import { putDevice } from '../../user/devices/put-device.ts';
import { removeDevice } from '../../user/devices/remove-device.ts';
import { countKeys, NO_KEYS } from '../../user/keys/count-keys.ts';
import { takePasswordTry } from '../../user/devices/password-tries.ts';
import {
  isUseNews,
  noteUse,
  openSession,
  refreshSession,
  sessionOf,
  userStanding,
  type LoginInput,
} from '../../user/devices/sessions.ts';
import { setStanding } from '../../user/devices/set-standing.ts';
import type { FoundUser } from '../../matrix/discovery/user-match.ts';
import { noteActivity } from '../../user/sliding/note-activity.ts';
import { readHeld } from '../../user/cross-signing/upload-signing-keys.ts';
import type { DeviceOf } from '../../user/keys/key-store.ts';
import { invalidParam, unknownToken, unrecognized } from '../../matrix/error.ts';
import type { Device, Profile } from '../../user/devices/device-store.ts';
import { changePushRules, eventContent, PUSH_RULES, pushRules } from '../../user/push-rules/push-rules.ts';
import { findUsers, type UserQuery } from '../../user/profile/find-users.ts';
import { setProfileField, wholeProfile } from '../../user/profile/whole-profile.ts';
import { carrySettings } from '../../user/rooms/carry-settings.ts';
import { answer, type RpcResult } from '../call.ts';
import { turn } from '../turn.ts';
import type {
  PlanCall,
  RefreshCall,
  RemoveDevicesCall,
  PutDeviceCall,
  SetStandingCall,
  SyncPlan,
  UserAccountRpc,
  UserProgressRpc,
  Waiting,
  TypingChange,
} from './rpc.ts';
import { UserSliding } from './user-sliding.ts';

const NOTHING: SyncPlan = {
  seq: 0,
  rooms: [],
  typing: [],
  accountData: [],
  presence: [],
  keys: NO_KEYS,
  toDevice: [],
  ignoredUsers: [],
};

/** A shard of local users. Thin: every method is one use-case of `src/user`. */
export class User extends UserSliding implements UserProgressRpc, UserAccountRpc {
  async applyRange(call: ShardApply) {
    const answered = this.write({}, (now) => {
      const before = this.progress.cursor(call.roomId);
      const joiners = joinersOf(this.progress, call);
      const applied = applyRange(this.progress, call, now);
      if (before !== undefined && before.epoch !== call.epoch) this.sliding.forgetRoom(call.roomId);
      if (applied.kind === 'confirmed' && (before?.pos ?? -1) < call.to) {
        this.notePushes(call, before?.pos, now);
        this.notices.note(this.name(), now);
        noteActivity(this.sliding, call.roomId, call.activity, this.progress.head());
        if (call.hasMemberships) this.deviceLists.noteMembers(call.roomId, this.progress.head());
        this.introduceSoon(joiners, call.roomId, now);
      }
      return applied;
    });
    if (call.hasMemberships) this.forgetAudience(call.roomId);
    const changed = new Set(call.memberships.map(({ userId }) => userId));
    this.wake((userId) => changed.has(userId) || this.progress.room(userId, call.roomId)?.membership === 'join');
    this.startPushes();
    this.ctx.waitUntil(this.notices.tell(this.name()));
    return answered;
  }

  async applyTyping(call: TypingChange): Promise<RpcResult<void>> {
    const answered = this.write({}, () => this.typing.set(call.roomId, call.userIds, this.progress.take()));
    this.ctx.waitUntil(this.notices.typing(call));
    this.wake((userId) => this.progress.room(userId, call.roomId)?.membership === 'join');
    return answered;
  }

  async syncPlan(call: PlanCall) {
    this.syncs(call);
    this.noteReceived(call);
    return this.read(NOTHING, () => this.planOf(call));
  }

  protected override planOf(query: PlanCall): SyncPlan {
    const plan = syncPlan(this.progress, this.typing, query);
    // A token ahead of the log is one of a time before a restore.
    const since = query.since !== undefined && query.since <= plan.seq ? query.since : 0;
    const accountData = toldAccountData(this.people, this.progress, plan.rooms, { userId: query.userId, since });
    const presence = this.presenceFor(query.userId, since === 0 ? undefined : since);
    return {
      ...plan,
      accountData,
      presence,
      keys: countKeys(this.keys, query),
      ...this.#deviceLists(query),
      toDevice: this.messagesFor(query),
      ...readSettings(this.people, query.userId),
    };
  }

  #deviceLists({ userId, since, hasLostToken }: PlanCall): Pick<SyncPlan, 'deviceLists'> {
    if (since === undefined && hasLostToken !== true) return {};
    const deviceLists = this.deviceListsFor(userId, since ?? 'lost');
    return deviceLists === undefined ? {} : { deviceLists };
  }

  async joinedRooms(call: { readonly userId: UserId }) {
    return this.read<readonly RoomId[]>([], () =>
      this.progress
        .roomsOf(call.userId)
        .filter(({ membership }) => membership === 'join')
        .map(({ roomId }) => roomId),
    );
  }

  async forgetRoom(call: { readonly userId: UserId; readonly roomId: RoomId; readonly opId?: string }) {
    return this.write(call, () => {
      const room = this.progress.room(call.userId, call.roomId);
      if (room === undefined) return true;
      if (room.membership !== 'leave' && room.membership !== 'ban') return false;
      this.progress.putRoom({ ...room, forgotten: true });
      return true;
    });
  }

  async positionAt(call: { readonly roomId: RoomId; readonly seq: number }) {
    return this.read<number | undefined>(undefined, () => this.progress.positionAt(call.roomId, call.seq));
  }

  /**
   * A long poll, held by the Worker over a hibernatable socket. What is new since `since` is looked for in the turn
   * that accepts the socket, so that no wake-up falls between (contracts, section 1, "Long poll").
   */
  override async fetch(request: Request): Promise<Response> {
    const text = new URL(request.url).searchParams.get('waiting');
    if (text === null || request.headers.get('upgrade') !== 'websocket') {
      return Response.json({ errcode: unrecognized('').errcode }, { status: 404 });
    }
    const waiting = JSON.parse(text) as Waiting;
    const { plan } = waiting;
    const socket = this.hold(waiting);
    this.syncs(plan);
    this.noteReceived(plan);
    if (this.isBorn() && this.#hasNews(waiting)) this.wake((concerned) => concerned === plan.userId);
    return new Response(null, { status: 101, webSocket: socket });
  }

  #hasNews({ plan: { userId, deviceId, toDevice }, after: since, connId }: Waiting): boolean {
    if (this.deviceListsFor(userId, since) !== undefined) return true;
    if (connId !== undefined) {
      const { typing, inbox } = this;
      return hasSlidingNews({ ...this.slidingStores(), typing, inbox }, { userId, deviceId }, since);
    }
    const received = toDevice === undefined ? {} : { toDevice };
    const plan = this.planOf({ userId, deviceId, ...received, since, fullState: false, includeLeave: true });
    const { rooms, typing, accountData, presence } = plan;
    return rooms.length + typing.length + accountData.length + presence.length + plan.toDevice.length > 0;
  }

  async openSession(call: LoginInput & { readonly opId?: string }) {
    return this.write(call, (now) => {
      this.#refuseKeyAsDevice(call);
      if (openSession(this.people, call, now)) this.tellRooms(call.userId, now);
    });
  }

  async session(call: { readonly hash: string; readonly address?: string }) {
    return answer(() => {
      if (!this.isBorn()) throw unknownToken('Unknown access token');
      const now = Date.now();
      const session = sessionOf(this.people, call.hash, now);
      if (isUseNews(this.people, call.hash, call.address, now)) {
        turn(this.ctx.storage, [], { now }, () => noteUse(this.people, call.hash, call.address, now));
      }
      return session;
    });
  }

  async refresh(call: RefreshCall) {
    return this.write(call, (now) => {
      const ended = refreshSession(this.people, call, now);
      if (ended !== undefined) removeDevice(this.deviceStores(), ended);
      return ended;
    });
  }

  async endSession(call: { readonly hash: string; readonly opId?: string }) {
    return this.write(call, () => {
      const token = this.people.token(call.hash);
      if (token === undefined) return undefined;
      const { userId, deviceId } = token;
      removeDevice(this.deviceStores(), { userId, deviceId });
      return { userId, deviceId };
    });
  }

  async setStanding(call: SetStandingCall) {
    return this.write(call, () => {
      // In one transaction: no session sees the new standing before it ends.
      if (call.endsSessions !== undefined) this.#endAppserviceSessions(call.userId, call.endsSessions === 'or-unknown');
      setStanding(this.people, call.userId, call);
    });
  }

  #endAppserviceSessions(userId: UserId, orUnknown: boolean): void {
    const ended = this.people.devices(userId).filter(({ byAppservice = orUnknown }) => byAppservice);
    this.#removeDevices({ userId, deviceIds: ended.map(({ deviceId }) => deviceId) });
  }

  async takePasswordTry(call: { readonly userId: UserId; readonly opId?: string }) {
    return this.write(call, (now) => takePasswordTry(this.people, call.userId, now));
  }

  async clearPasswordTries(call: { readonly userId: UserId; readonly opId?: string }) {
    return this.write(call, () => this.people.clearTries(call.userId));
  }

  async removeDevices(call: RemoveDevicesCall) {
    return this.write(call, () => this.#removeDevices(call));
  }

  #removeDevices({ userId, deviceIds, except }: Pick<RemoveDevicesCall, 'userId' | 'deviceIds' | 'except'>): void {
    const ids = deviceIds ?? this.people.devices(userId).map(({ deviceId }) => deviceId);
    for (const deviceId of ids) {
      if (deviceId !== except) removeDevice(this.deviceStores(), { userId, deviceId });
    }
  }

  async devices(call: { readonly userId: UserId }) {
    return this.read<readonly Device[]>([], () => this.people.devices(call.userId));
  }

  async userStanding(call: { readonly userId: UserId; readonly deviceId: string }) {
    return this.read({ hasDevice: false }, () => userStanding(this.people, call));
  }

  async putDevice(call: PutDeviceCall) {
    return this.write(call, () => {
      this.#refuseKeyAsDevice(call);
      const done = putDevice(this.people, call);
      if (call.displayName !== undefined && this.keys.deviceKeys(call) !== undefined)
        noteDeviceChange(this.deviceStores(), call);
      return done;
    });
  }

  async profile(call: { readonly userId: UserId }) {
    return this.read<Profile>({}, () => this.people.user(call.userId)?.profile ?? {});
  }

  async findUsers(call: UserQuery) {
    return this.read<readonly FoundUser[]>([], () => findUsers(this.people, call));
  }

  async wholeProfile(call: { readonly userId: UserId }) {
    return this.read<JsonObject>({}, () => wholeProfile(this.#profiles(), call.userId));
  }

  async setProfileField(call: Parameters<UserAccountRpc['setProfileField']>[0]) {
    return this.write(call, () => setProfileField(this.#profiles(), call.userId, call.name, call.value));
  }

  async roomAccountData(call: { readonly userId: UserId; readonly roomId: RoomId }) {
    return this.read<readonly Pick<AccountDataRow, 'type' | 'content'>[]>([], () =>
      this.people.accountDataIn(call.userId, call.roomId).map(({ type, content }) => ({ type, content })),
    );
  }

  async accountData(call: { readonly userId: UserId; readonly roomId: string; readonly type: string }) {
    const { userId, roomId, type } = call;
    return this.read<JsonObject | undefined>(undefined, () =>
      roomId === '' && type === PUSH_RULES
        ? eventContent(this.people, userId)
        : this.people.accountData(userId, roomId, type)?.content,
    );
  }

  async putAccountData(call: Parameters<UserAccountRpc['putAccountData']>[0]) {
    const { userId, roomId, type, content } = call;
    const answered = this.write(call, () =>
      this.people.putAccountData(userId, { roomId, type, content, seq: this.progress.take() }),
    );
    this.wake((waiting) => waiting === userId);
    return answered;
  }

  async tags(call: { readonly userId: UserId; readonly roomId: RoomId }) {
    return this.read<JsonObject>({}, () => tagsOf(this.people, call.userId, call.roomId));
  }

  async changeTag(call: TagChange & { readonly opId?: string }) {
    const answered = this.write(call, () => changeTag(this.people, call, this.progress.take()));
    this.wake((waiting) => waiting === call.userId);
    return answered;
  }

  async pushRules(call: { readonly userId: UserId }) {
    return this.read(rulesetOf(call.userId, NO_OWN_RULES), () => pushRules(this.people, call.userId));
  }

  async changePushRules(call: PushRuleChange & { readonly userId: UserId; readonly opId?: string }) {
    const answered = this.write(call, () => changePushRules(this.people, call.userId, call, this.progress.take()));
    this.wake((waiting) => waiting === call.userId);
    return answered;
  }

  async carrySettings(call: Parameters<UserAccountRpc['carrySettings']>[0]) {
    const { userId, from, to } = call;
    const answered = this.write(call, () => {
      carrySettings(this.people, userId, from, to, () => this.progress.take());
    });
    this.wake((waiting) => waiting === userId);
    return answered;
  }

  async addFilter(call: { readonly userId: UserId; readonly definition: string; readonly opId?: string }) {
    return this.write(call, () => this.people.addFilter(call.userId, call.definition));
  }

  async filter(call: { readonly userId: UserId; readonly filterId: number }) {
    return this.read<string | undefined>(undefined, () => this.people.filter(call.userId, call.filterId));
  }

  override webSocketMessage(): void {
    // The Worker says nothing; it only closes.
  }

  /** Signatures of devices and of cross-signing keys are told apart by these IDs alone. Source: "Cross-signing". */
  #refuseKeyAsDevice({ userId, deviceId }: DeviceOf): void {
    const keys = [...readHeld(this.signingKeys, userId).values()];
    if (keys.some(({ publicKey }) => publicKey === deviceId)) throw invalidParam('One of your keys has this name');
  }

  #profiles() {
    return { people: this.people, fields: this.profileFields };
  }
}
