import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { RoomContext } from '../room-context.ts';
import { sendEvent, type Sent } from '../send/send-event.ts';
import type { RoomStore } from '../store.ts';

/** What is left to do for a room that was replaced. */
export interface Upgrade {
  readonly replacement: RoomId;
  /** Who upgraded the room: whoever else has to come along is invited by them. */
  readonly userId: UserId;
  /** The application service that had it done. */
  readonly appservice?: string | undefined;
  /** `directory`: aliases, the directory entry and power levels come first; `members`: they are done. */
  readonly step: 'directory' | 'members';
  /** In this pass members up to this one were taken along, in the order of their IDs. */
  readonly after: string;
  /** Whether this pass has left somebody out whose server could not be asked. */
  readonly hasLeftOut: boolean;
  /** When the room was replaced (ms). */
  readonly since: number;
}

export interface UpgradeMember {
  readonly userId: UserId;
  readonly membership: 'join' | 'invite';
}

/**
 * Ends the room in favour of another that is there already, in the transaction that is open: from then on the upgrade
 * is carried out whatever happens. A later upgrade of the same room takes the place of one that is under way.
 * Throws `M_FORBIDDEN`. Source: Client-Server API, "Room Upgrades", "Server behaviour".
 */
export function beginUpgrade(ctx: RoomContext, { replacement, userId }: Pick<Upgrade, 'replacement' | 'userId'>): Sent {
  const sent = sendEvent(ctx, {
    type: 'm.room.tombstone',
    stateKey: '',
    sender: userId,
    content: { body: 'This room has been replaced', replacement_room: replacement },
  });
  const { appservice, now: since } = ctx;
  put(ctx.store, { replacement, userId, appservice, step: 'directory', after: '', hasLeftOut: false, since });
  return sent;
}

export function openUpgrade(store: Pick<RoomStore, 'sagas'>): Upgrade | undefined {
  const saga = store.sagas.get('upgrade', 'room');
  return saga === undefined ? undefined : (JSON.parse(saga.data) as Upgrade);
}

/** Nothing where another upgrade has begun meanwhile. @returns whether it is still this one. */
export function continueUpgrade(store: Pick<RoomStore, 'sagas'>, upgrade: Upgrade): boolean {
  if (openUpgrade(store)?.replacement !== upgrade.replacement) return false;
  put(store, upgrade);
  return true;
}

export function endUpgrade(store: Pick<RoomStore, 'sagas'>, { replacement }: Upgrade): void {
  if (openUpgrade(store)?.replacement === replacement) store.sagas.remove('upgrade', 'room');
}

/**
 * Who has to be taken along next: those who are joined or invited, unless anybody may join the room that replaces this
 * one by themselves. Guests join it themselves, if it admits them.
 */
export function nextMembers(store: RoomStore, upgrade: Upgrade, limit: number): readonly UpgradeMember[] {
  const head = store.stream.head();
  const rules = store.state.at('m.room.join_rules', '', head);
  if (rules !== undefined && store.events.get(rules)?.pdu.content['join_rule'] === 'public') return [];
  const guests = new Set(store.localUsers.guests());
  return store.state
    .membersAmong(['join', 'invite'], head)
    .filter(({ userId }) => userId > upgrade.after && !guests.has(userId))
    .toSorted((one, other) => (one.userId < other.userId ? -1 : 1))
    .slice(0, limit);
}

function put(store: Pick<RoomStore, 'sagas'>, upgrade: Upgrade): void {
  const { step, since } = upgrade;
  store.sagas.put({ kind: 'upgrade', key: 'room', step, data: JSON.stringify(upgrade), at: since });
}
