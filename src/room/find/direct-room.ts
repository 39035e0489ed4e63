import type { Pdu } from '../../matrix/event/pdu.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { memberEvent } from '../membership/change-membership.ts';
import type { RoomStore } from '../store.ts';

export interface DirectQuery {
  readonly creator: UserId;
  /** The others, each once. */
  readonly members: readonly UserId[];
}

/** A room in which nobody is, or is invited, but the creator, who is joined, and some of the members. */
export interface DirectRoom {
  /** Whether somebody was invited to a direct chat. */
  readonly isDirect: boolean;
  /** Members who are invited. */
  readonly pending: readonly UserId[];
  /** Members who are not in it. */
  readonly missing: readonly UserId[];
  /** Whether one of these was, and has gone or was removed. */
  readonly wasLeft: boolean;
}

type Store = Pick<RoomStore, 'meta' | 'state' | 'events' | 'stream'>;

/** An event of a user's membership names the one before as an auth event; of so many the first is looked for. */
const MAX_CHANGES = 20;

/** @returns `undefined` where the room cannot be the chat of exactly these: it was upgraded, or others are in it. */
export function directRoom(store: Store, { creator, members }: DirectQuery): DirectRoom | undefined {
  const head = store.stream.head();
  if (store.meta.lifecycle() !== 'live') return undefined;
  if (store.state.at('m.room.tombstone', '', head) !== undefined) return undefined;
  const here = store.state.firstMembers(['join', 'invite'], head, members.length + 2);
  if (here.some((userId) => userId !== creator && !members.includes(userId))) return undefined;
  const held = new Map([creator, ...members].map((userId) => [userId, memberEvent(store, userId)] as const));
  const membership = (userId: UserId) => held.get(userId)?.content['membership'];
  if (membership(creator) !== 'join') return undefined;
  const missing = members.filter((userId) => !here.includes(userId));
  return {
    isDirect: [...held.values()].some((event) => event !== undefined && saysDirect(store, event)),
    pending: members.filter((userId) => membership(userId) === 'invite'),
    missing,
    wasLeft: missing.some((userId) => held.get(userId) !== undefined),
  };
}

/** A join does not repeat what the invitation said. Source: Client-Server API, "Direct Messaging". */
function saysDirect(store: Store, event: Pdu): boolean {
  let at: Pdu | undefined = event;
  for (let change = 0; at !== undefined && change < MAX_CHANGES; change += 1) {
    if (at.content['is_direct'] === true) return true;
    if (at.content['membership'] === 'invite') return false;
    at = at.authEvents
      .map((eventId) => store.events.get(eventId)?.pdu)
      .find((pdu) => pdu?.type === 'm.room.member' && pdu.stateKey === event.stateKey);
  }
  return false;
}
