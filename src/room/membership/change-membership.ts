import { badState, forbidden, guestAccessForbidden } from '../../matrix/error.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import { requireLive } from '../lifecycle.ts';
import type { RoomContext } from '../room-context.ts';
import { sendEvent, type Sent } from '../send/send-event.ts';
import type { RoomStore } from '../store.ts';
import { requireOpen } from '../shutdown/require-open.ts';
import { authoriserOf, type Standing } from './authorise-join.ts';
import { admitsGuests } from './guests.ts';

export type MembershipAction = 'join' | 'invite' | 'knock' | 'leave' | 'kick' | 'ban' | 'unban';

export interface MembershipInput {
  readonly action: MembershipAction;
  readonly sender: UserId;
  readonly target: UserId;
  /** Of the target, when it is a local user: kept with the membership, so that the room can reach it. */
  readonly targetShard?: string;
  /** Besides `membership`: `displayname`, `avatar_url`, `reason`, `is_direct`. */
  readonly content: JsonObject;
  /** The content is the event's, key by key: another one is a change, whatever it changes. */
  readonly isWhole?: boolean;
  /** Refused unless the target is joined already: a change of profile must not bring back who was removed. */
  readonly onlyIfJoined?: boolean;
  /** Of an invitation of an address, which is now exchanged: who invited need not be in the room any more. */
  readonly isExchange?: boolean;
  /** Of a join: the user is a guest. */
  readonly isGuest?: boolean;
  /** Of a join that depends on other rooms: what they say of the user. */
  readonly standing?: Standing;
  /** Milliseconds; else now. */
  readonly originServerTs?: number;
}

const membershipOfAction = {
  join: 'join',
  invite: 'invite',
  knock: 'knock',
  leave: 'leave',
  kick: 'leave',
  ban: 'ban',
  unban: 'leave',
} as const;

const BRINGS_IN: ReadonlySet<MembershipAction> = new Set(['join', 'invite', 'knock']);

/**
 * Changes a membership in a room that we are in, in the transaction that is open. Joining again with the same profile
 * and leaving again change nothing. Throws `M_FORBIDDEN`, `M_GUEST_ACCESS_FORBIDDEN` or `M_BAD_STATE`, and what {@link authoriserOf} throws.
 * Source: Client-Server API, "Room membership".
 */
export function changeMembership(ctx: RoomContext, input: MembershipInput): Sent {
  const { store } = ctx;
  requireLive(store.meta);
  if (BRINGS_IN.has(input.action)) requireOpen(store);
  const held = memberEvent(store, input.target);
  requireInsider(store, input);
  requireSensible(input, membershipIn(held));
  if (input.targetShard !== undefined) store.localUsers.setShard(input.target, input.targetShard);
  if (input.action === 'join') noteGuest(store, input, membershipIn(held));
  if (held !== undefined && changesNothing(input, held)) return { eventId: held.eventId, pos: store.stream.head() };
  const authoriser = input.action === 'join' ? authoriserOf(ctx, input.target, input.standing) : undefined;
  const sent = sendEvent(ctx, membershipDraft(input, authoriser));
  leaveWithTheLast(ctx);
  return sent;
}

/** @param authoriser of a restricted join. Nobody says so themselves: the event is signed by who answers for it. */
export function membershipDraft(input: MembershipInput, authoriser?: UserId) {
  const { join_authorised_via_users_server: _claimed, ...content } = input.content;
  return {
    type: 'm.room.member',
    sender: input.sender,
    stateKey: input.target,
    ...(input.originServerTs === undefined ? {} : { originServerTs: input.originServerTs }),
    content: {
      ...content,
      membership: membershipOfAction[input.action],
      ...(authoriser === undefined ? {} : { join_authorised_via_users_server: authoriser }),
    },
  };
}

/** After any decision: a room without a joined user of ours is one that we have left. */
export function leaveWithTheLast(ctx: RoomContext): void {
  const { store, serverName } = ctx;
  if (store.meta.lifecycle() !== 'live') return;
  if (!store.state.serversAt(store.stream.head()).includes(serverName)) store.meta.setLifecycle('left');
}

export function memberEvent(store: Pick<RoomStore, 'state' | 'events' | 'stream'>, userId: UserId): Pdu | undefined {
  const eventId = store.state.at('m.room.member', userId, store.stream.head());
  return eventId === undefined ? undefined : store.events.get(eventId)?.pdu;
}

/** Of those who have, or had, any. */
export function membershipsOf(
  store: Pick<RoomStore, 'state' | 'events' | 'stream'>,
  userIds: readonly UserId[],
): Readonly<Partial<Record<UserId, string>>> {
  const events = userIds.map((userId) => [userId, memberEvent(store, userId)] as const);
  return Object.fromEntries(
    events.filter(([, event]) => event !== undefined).map(([userId, event]) => [userId, membershipIn(event)]),
  );
}

function membershipIn(event: Pdu | undefined): string {
  const membership = event?.content['membership'];
  return typeof membership === 'string' ? membership : 'leave';
}

/** Who is not in the room is told nothing about the memberships in it. */
function requireInsider(store: RoomStore, { action, sender, isExchange }: MembershipInput): void {
  if (isExchange === true) return;
  if (action === 'join' || action === 'leave' || action === 'knock') return;
  if (membershipIn(memberEvent(store, sender)) !== 'join') throw forbidden('You are not in this room');
}

function requireSensible({ action, target, onlyIfJoined }: MembershipInput, held: string): void {
  if (onlyIfJoined === true && held !== 'join') throw forbidden(`${target} is not in the room`);
  if (action === 'kick' && (held === 'leave' || held === 'ban')) throw forbidden(`${target} is not in the room`);
  if (action === 'unban' && held !== 'ban') throw badState(`${target} is not banned`);
  if (action === 'invite' && held === 'join') throw forbidden(`${target} is in the room already`);
}

/** Source: Client-Server API, "Guest access". */
function noteGuest(store: RoomStore, { target, isGuest = false }: MembershipInput, held: string): void {
  if (isGuest && held !== 'join' && !admitsGuests(store)) throw guestAccessForbidden('This room admits no guests');
  store.localUsers.setGuest(target, isGuest);
}

function changesNothing(input: MembershipInput, held: Pdu): boolean {
  const next = membershipOfAction[input.action];
  if (membershipIn(held) !== next) return false;
  if (input.action === 'leave') return true;
  if (input.action !== 'join' && input.action !== 'knock') return false;
  if (input.isWhole === true)
    return canonicalJson({ ...input.content, membership: next }) === canonicalJson(held.content);
  const told = input.action === 'join' ? ['displayname', 'avatar_url'] : ['displayname', 'avatar_url', 'reason'];
  return told.every((key) => held.content[key] === input.content[key]);
}
