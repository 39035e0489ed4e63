import { parseRoomId } from '../../matrix/ids/room-id.ts';
import type { RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { badJson, unavailable } from '../../matrix/error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { roomVersionRules } from '../../matrix/room-versions/versions.ts';
import type { EduHandler, KnownRooms, LastingEduHandler } from './ports.ts';
import { receiveInRoom, type Deadlines, type OnNotTaken, type PduResult } from './receive-in-room.ts';
import type { ReceiptDeps } from './room-receipt.ts';

/** Source: Server-Server API, "Transactions". */
const MAX_PDUS = 50;
const MAX_EDUS = 100;
/** The sender is answered within 5 s, however slow a room or another server is (contracts, section 4). */
const DEADLINES_MS = { keys: 3_000, fetching: 4_000, answer: 5_000 };

export interface TransactionDeps extends ReceiptDeps {
  readonly onNotTaken: OnNotTaken;
  readonly knownRooms: KnownRooms;
  readonly edus: Readonly<Record<string, EduHandler>>;
  /** Those of which a transaction is answered for. */
  readonly lastingEdus: Readonly<Record<string, LastingEduHandler>>;
  /** The server turned out to share a room with us. Its failure changes nothing. */
  readonly onSharedRoom: (origin: ServerName) => Promise<void>;
  readonly after: (delayMs: number) => Promise<void>;
}

export interface TransactionAnswer {
  readonly pdus: Readonly<Record<string, { readonly error?: string }>>;
}

/**
 * Receives a transaction: split by room, the rooms in parallel. There is no store of transactions: every PDU and EDU is
 * idempotent by itself, and a repeated transaction is simply processed again.
 * Throws `M_BAD_JSON` for what is no transaction, and 503 where a room did not take its events and nobody keeps them, or
 * EDUs that may not be lost were not taken.
 * Source: Server-Server API, `PUT /send/{txnId}`.
 */
export async function receiveTransaction(
  deps: TransactionDeps,
  transaction: { readonly origin: ServerName; readonly body: JsonValue | undefined },
  background: Deadlines['background'],
): Promise<TransactionAnswer> {
  const { origin, body } = transaction;
  const { pdus, edus } = readTransaction(body);
  const deadlines = {
    keys: deps.after(DEADLINES_MS.keys),
    fetching: deps.after(DEADLINES_MS.fetching),
    answer: deps.after(DEADLINES_MS.answer),
    background,
  };
  const rooms = [...byRoom(pdus)].map(([roomId, events]) => receiveFor(deps, roomId, origin, events, deadlines));
  const handled = Promise.all(edus.map((edu) => receiveEdu(deps, origin, edu)));
  const lasting = receiveLasting(deps, origin, edus);
  const received = await Promise.allSettled(rooms);
  await Promise.race([handled, deadlines.answer]);
  const isTaken = await Promise.race([lasting, deadlines.answer]);
  const results: PduResult[] = [];
  for (const room of received) {
    if (room.status === 'rejected') throw room.reason;
    results.push(...room.value);
  }
  if (isTaken !== true) throw unavailable('EDUs could not be taken');
  if (results.some(({ isDecided }) => isDecided === true)) background(deps.onSharedRoom(origin).catch(() => undefined));
  return {
    pdus: Object.fromEntries(results.map(({ eventId, error }) => [eventId, error === undefined ? {} : { error }])),
  };
}

function readTransaction(body: JsonValue | undefined): {
  readonly pdus: readonly JsonObject[];
  readonly edus: readonly JsonObject[];
} {
  if (!isJsonObject(body)) throw badJson('The body is not an object');
  const { pdus, edus = [] } = body;
  if (!Array.isArray(pdus) || pdus.length > MAX_PDUS) throw badJson(`pdus has to be a list of at most ${MAX_PDUS}`);
  if (!Array.isArray(edus) || edus.length > MAX_EDUS) throw badJson(`edus has to be a list of at most ${MAX_EDUS}`);
  // What is no object has no ID under which it could be answered for.
  return { pdus: pdus.filter(isJsonObject), edus: edus.filter(isJsonObject) };
}

/** An event without a room ID belongs to no room that we could ask: a create event is never pushed. */
function byRoom(pdus: readonly JsonObject[]): ReadonlyMap<RoomId, readonly JsonObject[]> {
  const rooms = new Map<RoomId, JsonObject[]>();
  for (const json of pdus) {
    const { room_id: text } = json;
    const roomId = typeof text === 'string' ? parseRoomId(text) : undefined;
    if (roomId?.ok !== true) continue;
    const events = rooms.get(roomId.value);
    if (events === undefined) rooms.set(roomId.value, [json]);
    else events.push(json);
  }
  return rooms;
}

async function receiveFor(
  deps: TransactionDeps,
  roomId: RoomId,
  origin: ServerName,
  events: readonly JsonObject[],
  deadlines: Deadlines,
): Promise<readonly PduResult[]> {
  const version = await deps.knownRooms.versionOf(roomId);
  const rules = version === undefined ? undefined : roomVersionRules(version);
  // Without the room's version there is no event ID under which the sender could be told.
  if (rules === undefined) return [];
  return receiveInRoom(deps, { roomId, rules, origin }, events, deadlines);
}

async function receiveEdu(deps: TransactionDeps, origin: ServerName, edu: JsonObject): Promise<void> {
  const { edu_type: type, content } = edu;
  if (typeof type !== 'string' || content === undefined || !Object.hasOwn(deps.edus, type)) return;
  try {
    await deps.edus[type]?.(origin, content);
  } catch {
    // EDUs are not answered for, and one must not hold up the others.
  }
}

/** @returns whether all were taken. Never rejects. */
async function receiveLasting(
  { lastingEdus }: TransactionDeps,
  origin: ServerName,
  edus: readonly JsonObject[],
): Promise<boolean> {
  const taken = edus.flatMap(({ edu_type: type, content }) => {
    const handle = typeof type === 'string' && Object.hasOwn(lastingEdus, type) ? lastingEdus[type] : undefined;
    return handle === undefined || content === undefined ? [] : [{ handle, content }];
  });
  const handled = await Promise.allSettled(
    [...Map.groupBy(taken, ({ handle }) => handle)].map(([handle, part]) =>
      handle(
        origin,
        part.map(({ content }) => content),
      ),
    ),
  );
  return handled.every(({ status }) => status === 'fulfilled');
}
