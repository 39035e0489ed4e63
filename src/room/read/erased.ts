import { redactPdu } from '../../matrix/event/redact.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { roomVersionRules } from '../../matrix/room-versions/versions.ts';
import type { StateInterval } from '../state-store.ts';
import type { RoomStore, StoredEvent } from '../store.ts';

type Store = Pick<RoomStore, 'erasures' | 'meta'>;

/**
 * Whether an event's sender had their content erased before any of these readers came into the room: it is redacted for
 * them. State is kept, since the room rests on it, but for the sender's own membership, of which the name goes.
 * @param readers the memberships of a user, or of all users of a server.
 * Source: Client-Server API, `POST /account/deactivate`, `erase`.
 */
export function isErasedFor(store: Store, { pdu }: StoredEvent, readers: Iterable<readonly StateInterval[]>): boolean {
  const pos = store.erasures.at(pdu.sender);
  if (pos === undefined || (pdu.stateKey !== undefined && pdu.type !== 'm.room.member')) return false;
  for (const intervals of readers) {
    if (intervals.some(({ membership, fromPos }) => membership === 'join' && fromPos <= pos)) return false;
  }
  return true;
}

/** What redaction leaves of an event, in its room's version. */
export function erased(store: Store, pdu: Pdu): Pdu {
  const rules = roomVersionRules(store.meta.roomVersion());
  if (rules === undefined) throw new Error('unknown room version in storage');
  return redactPdu(rules, pdu);
}
