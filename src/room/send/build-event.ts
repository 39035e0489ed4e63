import { authEventTuples } from '../../matrix/auth/auth-types.ts';
import { buildPdu } from '../../matrix/event/build.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { badJson, tooLarge } from '../../matrix/error.ts';
import { referenceHash } from '../../matrix/event/hashes.ts';
import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { RoomContext } from '../room-context.ts';
import { refOf, resolveRefs } from '../state/resolve.ts';
import { stateEventId } from '../state/state-at.ts';
import type { StateRef } from '../store.ts';

/** What a local user wants to say, before the room makes an event of it. */
export interface EventDraft {
  readonly type: string;
  readonly sender: UserId;
  readonly stateKey?: string;
  readonly content: JsonObject;
  readonly redacts?: EventId;
  /** Set by application services and by imports; else now. Milliseconds. */
  readonly originServerTs?: number;
}

/** A local event names at most this many extremities, the newest (contracts, section 5). */
const MAX_PREV_EVENTS = 20;

/** Depth at which it stays. Source: room version pages, "Event format"; 2^53 - 1 is representable in every version. */
const MAX_DEPTH = Number.MAX_SAFE_INTEGER;

interface GraphPlace {
  readonly prevEvents: readonly EventId[];
  readonly authEvents: readonly EventId[];
  readonly depth: number;
}

/** Where a new event goes: on our newest forward extremities; its auth events from the state before exactly those. */
function placeOf(ctx: RoomContext, draft: EventDraft): GraphPlace {
  const { store } = ctx;
  const prevEvents = store.extremities.forward().slice(0, MAX_PREV_EVENTS);
  const before = frontierState(ctx, prevEvents);
  const depths = prevEvents.map((id) => store.events.get(id)?.pdu.depth ?? 0);
  return {
    prevEvents,
    authEvents: authEventIds(ctx, before, draft),
    depth: Math.min(Math.max(0, ...depths) + 1, MAX_DEPTH),
  };
}

/** Builds, hashes and signs an event. Throws `M_TOO_LARGE` for one past the size limit, `M_BAD_JSON` for no event. */
export function buildEvent(ctx: RoomContext, draft: EventDraft): Pdu {
  const { store, rules } = ctx;
  const built = buildPdu(
    rules,
    {
      roomId: store.meta.roomId(),
      type: draft.type,
      sender: draft.sender,
      content: draft.content,
      ...(draft.stateKey === undefined ? {} : { stateKey: draft.stateKey }),
      ...(draft.redacts === undefined ? {} : { redacts: draft.redacts }),
      ...placeOf(ctx, draft),
      originServerTs: draft.originServerTs ?? ctx.now,
      ...(rules.eventId === 'sender' ? ofSender(ctx) : {}),
    },
    ctx.serverName,
    ctx.signingKey,
  );
  if (built.ok) return built.value;
  if (built.reason.kind === 'too-large') throw tooLarge('The event is too large');
  throw badJson(`This is no event of room version ${rules.id}: ${built.reason.kind}`);
}

/** An event without hash and signature, for another server to complete: `make_join` and its kin. */
export function templateEvent(
  ctx: RoomContext,
  draft: EventDraft & { readonly stateKey: string },
): { readonly json: JsonObject; readonly graph: GraphPlace } {
  const { store, rules } = ctx;
  const graph = placeOf(ctx, draft);
  const { referenceHashOf } = ofSender(ctx);
  const edges = (ids: readonly EventId[]) =>
    rules.edgesArePairs ? ids.map((id) => [id, { sha256: referenceHashOf(id) }]) : ids;
  const json: JsonObject = {
    type: draft.type,
    room_id: store.meta.roomId(),
    sender: draft.sender,
    state_key: draft.stateKey,
    content: draft.content,
    depth: graph.depth,
    prev_events: edges(graph.prevEvents),
    auth_events: edges(graph.authEvents),
    origin: ctx.serverName,
    origin_server_ts: ctx.now,
  };
  return { json, graph };
}

/** What events of room versions 1 and 2 carry besides. */
function ofSender(ctx: RoomContext) {
  const { store, rules, serverName } = ctx;
  return {
    eventId: `$${ctx.randomId()}:${serverName}` as EventId,
    referenceHashOf: (id: EventId) => {
      const event = store.events.get(id);
      if (event === undefined) throw new Error(`parent ${id} vanished`);
      return referenceHash(rules, event.pdu.json);
    },
  };
}

function frontierState(ctx: RoomContext, prevEvents: readonly EventId[]): StateRef {
  const { store } = ctx;
  if (prevEvents.length === store.extremities.forward().length) return { pos: store.stream.head(), group: null };
  const refs = prevEvents.map((id) => store.events.get(id)?.after).filter((ref) => ref !== undefined);
  return refOf(ctx, resolveRefs(ctx, refs));
}

/** Source: Server-Server API, "Auth events selection". */
function authEventIds(ctx: RoomContext, before: StateRef, draft: EventDraft): readonly EventId[] {
  const ids = authEventTuples(ctx.rules, { ...draft, stateKey: draft.stateKey })
    .map(([type, stateKey]) => stateEventId(ctx.store, before, type, stateKey))
    .filter((id) => id !== undefined);
  return [...new Set(ids)];
}
