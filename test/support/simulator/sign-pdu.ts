import { authEventTuples } from '../../../src/matrix/auth/auth-types.ts';
import { buildPdu } from '../../../src/matrix/event/build.ts';
import { referenceHash } from '../../../src/matrix/event/hashes.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import type { EventId, ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import { userIdServer } from '../../../src/matrix/ids/user-id.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { keyOf, type RoomRig } from './room-rig.ts';

export interface RemoteDraft {
  readonly type: string;
  readonly sender: UserId;
  readonly stateKey?: string;
  readonly content: JsonObject;
  readonly redacts?: EventId;
  /** In room versions 1 and 2, where the sender makes it. */
  readonly eventId?: EventId;
  /** Where it stands in the graph; our forward extremities if left out. */
  readonly prevEvents?: readonly EventId[];
  /** The position whose state its auth events are of; the head if left out. */
  readonly at?: number;
}

/** An event as the sender's server makes it, on any branch of the room. */
export function signPdu(room: Pick<RoomRig, 'store' | 'now'>, draft: RemoteDraft): Pdu {
  const { store, now } = room;
  const { type, sender, content, stateKey } = draft;
  const prevEvents = draft.prevEvents ?? store.extremities.forward();
  const at = draft.at ?? store.stream.head();
  const authEvents = authEventTuples(store.rules(), { type, sender, content, stateKey })
    .map(([of, key]) => store.state.at(of, key, at))
    .filter((id) => id !== undefined);
  const server: ServerName = userIdServer(sender);
  const depth = Math.max(0, ...prevEvents.map((id) => store.events.get(id)?.pdu.depth ?? 0)) + 1;
  const built = buildPdu(
    store.rules(),
    {
      roomId: store.meta.roomId(),
      type,
      sender,
      content,
      ...(stateKey === undefined ? {} : { stateKey }),
      ...(draft.redacts === undefined ? {} : { redacts: draft.redacts }),
      prevEvents,
      authEvents,
      depth,
      originServerTs: now,
      ...(store.rules().eventId === 'sender' && draft.eventId !== undefined
        ? { eventId: draft.eventId, referenceHashOf: hashIn(store) }
        : {}),
    },
    server,
    keyOf(server),
  );
  if (!built.ok) throw new Error(built.reason.kind);
  return built.value;
}

/** What no room has, has no hash that anybody could check. */
const hashIn = (store: RoomRig['store']) => (eventId: EventId) => {
  const event = store.events.get(eventId);
  return event === undefined ? '' : referenceHash(store.rules(), event.pdu.json);
};
