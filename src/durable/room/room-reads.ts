import type { EventId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import { confirmFound, type ConfirmQuery } from '../../room/find/confirm-found.ts';
import { directoryEntry } from '../../room/find/directory-entry.ts';
import { directRoom, type DirectQuery } from '../../room/find/direct-room.ts';
import { findMembers, type MemberQuery } from '../../room/find/find-members.ts';
import { findRoom, type FindAnswer, type FindQuery } from '../../room/find/find-room.ts';
import { joinConditions } from '../../room/membership/authorise-join.ts';
import { membershipsOf } from '../../room/membership/change-membership.ts';
import { joinedSince } from '../../room/membership/joined-since.ts';
import { heldMembership } from '../../room/membership/out-of-band.ts';
import { readInvite } from '../../room/membership/read-invite.ts';
import type { TimeQuery } from '../../room/read/closest-event.ts';
import { readByTime } from '../../room/read/read-by-time.ts';
import { readForAppservice, type AppserviceQuery } from '../../room/read/read-for-appservice.ts';
import { readContext, type ContextQuery } from '../../room/read/read-context.ts';
import { inspectEvent, stateAround, type InspectQuery, type StateQuery } from '../../room/read/inspect-event.ts';
import { readMessages, type MessagesQuery } from '../../room/read/read-messages.ts';
import { readRelations, type RelationsQuery } from '../../room/read/read-relations.ts';
import {
  readEvent,
  readJoinedMembers,
  readMembers,
  readState,
  readStateEvent,
  type MembersQuery,
} from '../../room/read/read-state.ts';
import { deviceListMoves, type MovesQuery } from '../../room/read/device-list-moves.ts';
import { readSliding, type SlidingRoomQuery } from '../../room/read/read-sliding.ts';
import type { SyncQuery } from '../../room/read/read-sync.ts';
import { readSyncText } from '../../room/read/sync-text.ts';
import { spaceChildren } from '../../room/read/space-children.ts';
import { readThreads, type ThreadsQuery } from '../../room/read/read-threads.ts';
import { isJoined } from '../../room/receipts/receipt-edu.ts';
import { isAllowed } from '../../room/servers/require-allowed.ts';
import { readNotifications, type NotificationsQuery } from '../../room/unread/read-notifications.ts';
import { readPushes, type PushesQuery } from '../../room/unread/read-pushes.ts';
import { upgradeSource } from '../../room/upgrade/upgrade-source.ts';
import { answer } from '../call.ts';
import { textStream } from '../text-stream.ts';
import { RoomObject } from './room-object.ts';
import type { RoomCall, Who } from './rpc.ts';

/** Of larger rooms the members are asked for one by one. */
const MAX_LISTED = 5_000;

/** What clients of a room read. */
export abstract class RoomReads extends RoomObject {
  async readSync(call: RoomCall & SyncQuery) {
    return this.read((store, now) => readSyncText(store, call, now));
  }

  async readSliding(call: RoomCall & SlidingRoomQuery) {
    return this.read((store, now) => readSliding(store, call, now));
  }

  async deviceListMoves(call: RoomCall & MovesQuery) {
    return this.read((store) => deviceListMoves(store, call));
  }

  async spaceChildren(call: RoomCall & { userId: UserId }) {
    return this.read((store) => spaceChildren(store, call.userId));
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

  async readByTime(call: RoomCall & TimeQuery & { userId: UserId }) {
    return this.read((store) => readByTime(store, call));
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

  async readEvent(call: Who & { eventId: EventId; ignoredUsers?: readonly UserId[] }) {
    return this.read((store, now) => readEvent(store, call, now));
  }

  async readNotifications(call: RoomCall & NotificationsQuery) {
    return this.read((store, now) => readNotifications(store, call, now));
  }

  async readRelations(call: RoomCall & RelationsQuery) {
    return this.read((store, now) => readRelations(store, call, now));
  }

  async readThreads(call: RoomCall & ThreadsQuery) {
    return this.read((store, now) => readThreads(store, call, now));
  }

  async readPushes(call: RoomCall & PushesQuery) {
    return this.read((store) => readPushes(store, call));
  }

  async upgradeSource(call: RoomCall & { userId: UserId }) {
    return this.read((store) => upgradeSource(store, this.store.rules(), call.userId));
  }

  async membershipsOf(call: RoomCall & { userIds: readonly UserId[] }) {
    return this.readForServer((store) => membershipsOf(store, call.userIds));
  }

  async joinedSince(call: RoomCall & { userIds: readonly UserId[] }) {
    return this.readForServer((store) => joinedSince(store, call.userIds));
  }

  async directoryEntry(_call: RoomCall) {
    return answer(() => (this.isBorn() ? directoryEntry(this.store) : undefined));
  }

  async findRoom(call: RoomCall & FindQuery) {
    return answer<FindAnswer>(() => (this.isBorn() ? findRoom(this.store, call) : { kind: 'elsewhere' }));
  }

  async directRoom(call: RoomCall & DirectQuery) {
    return answer(() => (this.isBorn() ? directRoom(this.store, call) : undefined));
  }

  async findMembers(call: RoomCall & MemberQuery) {
    return answer(() => (this.isBorn() ? findMembers(this.store, call) : []));
  }

  async confirmFound(call: RoomCall & ConfirmQuery) {
    return this.read((store, now) => confirmFound(store, call, now));
  }

  async fillSearch(_call: RoomCall) {
    return answer(() => {
      if (this.isBorn()) this.search.begin();
    });
  }

  async readForAppservice(call: RoomCall & AppserviceQuery) {
    const { serverName } = this.config;
    return this.readForServer((store) => readForAppservice(store, call, { serverName, now: Date.now() }));
  }

  async inspectEvent(call: RoomCall & InspectQuery & { format: 'client' | 'pdu' }) {
    return this.readForServer((store) => inspectEvent(store, call));
  }

  async stateAround(call: RoomCall & StateQuery) {
    return this.readForServer((store) => textStream(stateAround(store, call)));
  }

  async localMembers(_call: RoomCall) {
    return this.readForServer(({ state, stream }) => {
      const head = stream.head();
      return state.localMembersBetween(head, head).map(({ userId }) => userId);
    });
  }

  async joinedUsers(_call: RoomCall) {
    return this.readForServer(({ state, stream }) =>
      state.membersAt('join', stream.head()).map(({ userId }) => userId),
    );
  }

  async audience(_call: RoomCall) {
    return this.readForServer(({ state, stream }) => ({
      servers: state.serversAt(stream.head()),
      shards: state.shardsAt(stream.head()),
    }));
  }

  async joinedServers(_call: RoomCall) {
    return this.readForServer(({ state, stream }) => state.serversAt(stream.head()));
  }

  async membersOfServer({ server }: RoomCall & { server: ServerName }) {
    return this.readForServer(({ state, stream }) => {
      const head = stream.head();
      const shards = state.shardsAt(head);
      if (state.countMembers('join', head) > MAX_LISTED) return { users: undefined, shards };
      const joined = state.serversAt(head).includes(server) ? state.membersAt('join', head) : [];
      const users = joined.map(({ userId }) => userId).filter((userId) => userIdServer(userId) === server);
      return { users, shards };
    });
  }

  async joinConditions(call: RoomCall & { userId: UserId }) {
    return this.readForServer((store) => joinConditions(store, this.store.rules(), call.userId));
  }

  async isJoined(call: RoomCall & { userId: UserId }) {
    return answer(() => {
      if (!this.isBorn() || this.store.meta.lifecycle() !== 'live') return undefined;
      return isJoined(this.store, call.userId);
    });
  }

  async keptOut({ servers }: RoomCall & { servers: readonly ServerName[] }) {
    return this.readForServer((store) => servers.filter((server) => !isAllowed(store, server)));
  }

  async hasServer({ server }: RoomCall & { server: ServerName }) {
    return answer(() => {
      if (!this.isBorn() || this.store.meta.lifecycle() !== 'live') return undefined;
      return this.store.state.serversAt(this.store.stream.head()).includes(server);
    });
  }

  async heldMembership(call: RoomCall & { userId: UserId }) {
    // A join that ended before it was sent leaves an entry in the registry and no tables.
    return answer(() => (this.isBorn() ? heldMembership(this.store, call.userId) : undefined));
  }
}
