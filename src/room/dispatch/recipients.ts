import { splitStateTuple } from '../../matrix/event/state-map.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { RoomStore, StateRef, StoredEvent } from '../store.ts';

type Store = Pick<RoomStore, 'events' | 'state' | 'stream' | 'localUsers' | 'extremities' | 'meta'>;

/**
 * The servers that an event goes to: those joined in the state before it, plus the target's server when the event
 * withdraws its invite, refuses its knock or lifts its ban. Only events that we originate leave us, and never
 * rejected or soft-failed ones (contracts, section 7).
 */
export function destinationsOf(store: Store, event: StoredEvent, serverName: ServerName): ReadonlySet<ServerName> {
  if (event.status !== 'accepted' || event.before === undefined || !isCarried(event, serverName)) return new Set();
  const servers = new Set(serversIn(store, event.before));
  const target = withdrawnFrom(store, event);
  if (target !== undefined) servers.add(target);
  servers.delete(serverName);
  if (event.relayedFrom !== undefined) servers.delete(event.relayedFrom);
  return servers;
}

/** Whether {@link destinationsOf} has the server, without making the whole of it. */
export function goesTo(store: Store, event: StoredEvent, server: ServerName, serverName: ServerName): boolean {
  if (event.status !== 'accepted' || event.before === undefined || !isCarried(event, serverName)) return false;
  if (server === serverName || server === event.relayedFrom) return false;
  return serversIn(store, event.before).includes(server) || withdrawnFrom(store, event) === server;
}

function isCarried(event: StoredEvent, serverName: ServerName): boolean {
  return event.relayedFrom !== undefined || userIdServer(event.pdu.sender) === serverName;
}

function serversIn(store: Store, ref: StateRef): readonly ServerName[] {
  const joined = store.state.serversAt(ref.pos);
  if (ref.group === null) return joined;
  const servers = new Set(joined);
  for (const [tuple, eventId] of store.state.group(ref.group)) {
    const { type, stateKey } = splitStateTuple(tuple);
    if (type !== 'm.room.member' || eventId === undefined) continue;
    if (store.events.get(eventId)?.pdu.content['membership'] === 'join') servers.add(userIdServer(stateKey as UserId));
  }
  return [...servers];
}

function withdrawnFrom(store: Store, event: StoredEvent): ServerName | undefined {
  const { pdu, before } = event;
  if (pdu.type !== 'm.room.member' || pdu.stateKey === undefined || before === undefined) return undefined;
  if (pdu.content['membership'] !== 'leave' && pdu.content['membership'] !== 'ban') return undefined;
  const [held] = store.state
    .memberships(pdu.stateKey)
    .filter(({ fromPos, toPos }) => fromPos <= before.pos && toPos > before.pos);
  const was = held?.membership;
  return was === 'invite' || was === 'knock' || was === 'ban' ? userIdServer(pdu.stateKey as UserId) : undefined;
}

/** A membership of one of a shard's users that changed in a range of the stream. */
export interface MembershipChange {
  readonly userId: UserId;
  readonly membership: string;
  readonly eventId: string | undefined;
  readonly sender: UserId;
  readonly pos: number;
}

/**
 * What a range of the stream means to each shard of local users: those with a member before or after it, and that of
 * the target of a membership event. A pure function of the range, so that a replay computes the same.
 */
export function shardsOf(
  store: Store,
  from: number,
  to: number,
  serverName: ServerName,
): Map<string, MembershipChange[]> {
  const shards = new Map<string, MembershipChange[]>();
  const shardOf = (userId: string) => {
    const shard =
      userIdServer(userId as UserId) === serverName ? store.localUsers.shardOf(userId as UserId) : undefined;
    if (shard !== undefined && !shards.has(shard)) shards.set(shard, []);
    return shard;
  };
  for (const shard of [...store.state.shardsAt(from), ...store.state.shardsAt(to)]) shards.set(shard, []);
  for (const row of store.stream.localMemberRows(from, to)) {
    const shard = shardOf(row.stateKey);
    if (shard === undefined) continue;
    const event = row.eventId === undefined ? undefined : store.events.get(row.eventId);
    const membership = event?.pdu.content['membership'];
    shards.get(shard)?.push({
      userId: row.stateKey as UserId,
      membership: typeof membership === 'string' ? membership : 'leave',
      eventId: row.eventId,
      sender: event?.pdu.sender ?? (row.stateKey as UserId),
      pos: row.pos,
    });
  }
  return shards;
}
