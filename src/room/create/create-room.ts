import { forbidden, roomInUse } from '../../matrix/error.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { decide } from '../decide/decide.ts';
import type { RoomContext } from '../room-context.ts';
import { sendEvent, type Sent } from '../send/send-event.ts';

export interface InitialEvent {
  readonly type: string;
  readonly stateKey: string;
  readonly content: JsonObject;
}

export interface CreateRoomInput {
  /** Built and signed by the caller: in a room version whose room ID is made from it, it names this object. */
  readonly create: Pdu;
  readonly creatorShard: string;
  /** After the create event, in order. Source: Client-Server API, `POST /createRoom`. */
  readonly initial: readonly InitialEvent[];
}

/**
 * Commits all initial events of a room in the transaction that is open. The room's identity (`room_id`,
 * `room_version`, `epoch`) is in `meta` already. Throws `M_FORBIDDEN` when an event is refused: nothing stays then.
 */
export function createRoom(ctx: RoomContext, input: CreateRoomInput): Sent {
  const { store } = ctx;
  const { create } = input;
  if (store.meta.lifecycle() !== 'unborn') throw roomInUse('This room exists already');
  store.meta.set('create_event_id', create.eventId);
  store.meta.setLifecycle('live');
  store.localUsers.setShard(create.sender, input.creatorShard);
  const verdict = decide(ctx, { pdu: create, origin: ctx.serverName, provisional: false });
  if (verdict.kind === 'rejected') throw forbidden(`There cannot be such a room (${verdict.reason})`);
  if (verdict.kind !== 'accepted') throw new Error(`the create event was not accepted: ${JSON.stringify(verdict)}`);
  let sent: Sent = { eventId: create.eventId, pos: store.stream.head() };
  for (const { type, stateKey, content } of input.initial) {
    sent = sendEvent(ctx, { type, stateKey, content, sender: create.sender });
  }
  return sent;
}
