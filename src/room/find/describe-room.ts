import { allowedRooms } from '../../matrix/auth/restricted-join.ts';
import { summarise, type RoomSummary } from '../../matrix/discovery/room-summary.ts';
import { plainJson } from '../../matrix/json/plain-json.ts';
import { roomVersionRules } from '../../matrix/room-versions/versions.ts';
import { authStateOf } from '../state/state-at.ts';
import type { RoomStore } from '../store.ts';

/** The room as it is now, in the words of a summary; whoever asks. */
export function describeRoom(store: RoomStore): RoomSummary {
  const head = store.stream.head();
  const state = authStateOf(store, { pos: head, group: null });
  const roomVersion = store.meta.roomVersion();
  const rules = roomVersionRules(roomVersion);
  const content = (type: string) => {
    const held = state(type, '')?.content;
    return held === undefined ? undefined : plainJson(held);
  };
  return summarise(content, {
    roomId: store.meta.roomId(),
    roomVersion,
    joinedMembers: store.state.countMembers('join', head),
    allowedRooms: rules === undefined ? [] : allowedRooms(rules, state),
  });
}
