import type { UserId } from '../../matrix/ids/brands.ts';
import type { RoomStore } from '../store.ts';

/** Rooms of a space that are looked at. */
const MAX_CHILDREN = 5_000;

/** The rooms that a space names, for its members. Source: Client-Server API, "Spaces", `m.space.child`. */
export function spaceChildren(store: RoomStore, userId: UserId): readonly string[] {
  const head = store.stream.head();
  const isMember = store.state
    .memberships(userId)
    .some(({ membership, fromPos, toPos }) => membership === 'join' && fromPos <= head && toPos > head);
  if (!isMember) return [];
  return store.state.ofTypeAt('m.space.child', head, MAX_CHILDREN).flatMap((id) => {
    const pdu = store.events.get(id)?.pdu;
    return pdu?.stateKey !== undefined && Array.isArray(pdu.content['via']) ? [pdu.stateKey] : [];
  });
}
