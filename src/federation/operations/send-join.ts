// PUT /_matrix/federation/v2/send_join/{roomId}/{eventId} (Server-Server API, "Joining Rooms")
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import { allow, deny } from '../../matrix/result.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';
import { JsonListSplitter, NotSplittable } from '../json-list-splitter.ts';

/** A hundred thousand members are about 100 MB; what is read is not held. */
const MAX_BYTES = 1024 * 1024 * 1024;
/** Until the answer begins: the other server collects a large state first. */
const TIMEOUT_MS = 120_000;
/** What is waited for of the answer in all: a server that drips must not hold a join for hours. */
const STREAM_MS = 600_000;

/** What is handed on at once: events, and characters of their JSON. */
const BATCH_EVENTS = 200;
const BATCH_CHARACTERS = 1024 * 1024;

const PARTS = { state: 'list', auth_chain: 'list', event: 'whole', members_omitted: 'whole' } as const;

/** `state`: of the resolved state before the join. `auth_chain`: of what that rests on. */
export type JoinPart = 'state' | 'auth_chain';

/** Takes the events as they arrive, in the order of the answer, which may bring an event before what it rests on. */
export type TakeJoinEvents = (part: JoinPart, events: readonly JsonObject[]) => Promise<void>;

export interface SendJoinAnswer {
  /** The join event with the resident server's signature; a restricted join needs it. */
  readonly event: JsonObject | undefined;
}

export interface SendJoin {
  readonly destination: ServerName;
  readonly roomId: RoomId;
  readonly eventId: EventId;
  readonly event: JsonObject;
  /** Asks for the state without members. */
  readonly omitMembers?: boolean;
}

/**
 * Sends the signed join and reads the answer as a stream: no more than a batch of it is in memory, and the next is not
 * read before `take` is done with one. What `take` throws is thrown on.
 */
export function sendJoin(
  client: Pick<FederationClient, 'requestStream'>,
  { destination, roomId, eventId, event, omitMembers = false }: SendJoin,
  take: TakeJoinEvents,
): Promise<FederationResult<SendJoinAnswer>> {
  const query = omitMembers ? ([['omit_members', 'true']] as const) : [];
  const target = requestTarget('/_matrix/federation/v2/send_join/{}/{}', [roomId, eventId], query);
  return client.requestStream(
    {
      destination,
      method: 'PUT',
      target,
      body: event,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
      streamMs: STREAM_MS,
    },
    (chunks) => readSendJoin(chunks, take, omitMembers),
  );
}

async function readSendJoin(
  chunks: AsyncIterable<Uint8Array>,
  take: TakeJoinEvents,
  mayOmitMembers: boolean,
): Promise<FederationResult<SendJoinAnswer>> {
  const reading = new Reading();
  const splitter = new JsonListSplitter(PARTS, (key, value) => reading.add(key, value));
  try {
    for await (const chunk of chunks) {
      splitter.push(chunk);
      while (reading.hasBatch()) await reading.handOn(take);
    }
    splitter.end();
  } catch (error) {
    if (error instanceof NotSplittable) return deny({ kind: 'garbage', reason: error.message });
    throw error;
  }
  await reading.handOn(take);
  // Without being asked for: a join would be judged against a room that does not exist.
  if (reading.areMembersOmitted && !mayOmitMembers) return deny({ kind: 'garbage', reason: 'members are omitted' });
  return allow({ event: reading.event });
}

interface Batch {
  readonly part: JoinPart;
  readonly events: JsonObject[];
  characters: number;
}

/** What was read and is not handed on yet. */
class Reading {
  event: JsonObject | undefined;
  areMembersOmitted = false;
  #batches: Batch[] = [];

  add(key: string, text: string): void {
    const parsed = parseJson(text);
    if (!parsed.ok) throw new NotSplittable(`the answer is not JSON: ${key}`);
    if (key === 'event') this.event = isJsonObject(parsed.value) ? parsed.value : undefined;
    else if (key === 'members_omitted') this.areMembersOmitted = parsed.value === true;
    else this.#addEvent(key as JoinPart, parsed.value, text.length);
  }

  #addEvent(part: JoinPart, event: JsonValue, characters: number): void {
    if (!isJsonObject(event)) throw new NotSplittable(`wrong or missing: ${part}`);
    let batch = this.#batches.at(-1);
    if (batch === undefined || batch.part !== part || isFull(batch)) {
      batch = { part, events: [], characters: 0 };
      this.#batches.push(batch);
    }
    batch.events.push(event);
    batch.characters += characters;
  }

  hasBatch(): boolean {
    return this.#batches.length > 1 || this.#batches.some(isFull);
  }

  async handOn(take: TakeJoinEvents): Promise<void> {
    const batches = this.#batches;
    this.#batches = [];
    for (const { part, events } of batches) await take(part, events);
  }
}

function isFull({ events, characters }: Batch): boolean {
  return events.length >= BATCH_EVENTS || characters >= BATCH_CHARACTERS;
}
