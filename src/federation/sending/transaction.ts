import { encodeBase64Url } from '../../matrix/crypto/base64.ts';
import { sha256 } from '../../matrix/crypto/sha256.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import { isJsonObject, type JsonObject } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import type { OutgoingPdu, RoomCursor, StoredTransaction, Transaction, WaitingEdu } from './ports.ts';

/** Source: Server-Server API, "Transactions". */
export const MAX_PDUS = 50;
export const MAX_EDUS = 100;

/** PDUs of one room that are sent together: all of `(from, to]`. */
export interface FlightPart extends RoomCursor {
  readonly to: number;
  readonly pdus: readonly OutgoingPdu[];
}

/** One transaction under way. It is repeated as it is until the server has confirmed it. */
export interface Flight {
  readonly parts: readonly FlightPart[];
  /** Of which only the latest count: JSON texts. */
  readonly edus: readonly string[];
  /** The oldest of those that are kept. */
  readonly kept: readonly WaitingEdu[];
  /** Its `origin_server_ts` (ms). */
  readonly ts: number;
}

/** Whether there is nothing to send. */
export const isEmpty = ({ parts, edus, kept }: Flight): boolean => parts.length + edus.length + kept.length === 0;

export const pduCount = ({ parts }: Flight): number => parts.reduce((count, { pdus }) => count + pdus.length, 0);

/**
 * The body, and an ID that is made of it and the rooms' epochs: some servers answer a known ID from memory without
 * looking at the body, so another body never has the same.
 */
export function buildTransaction(origin: ServerName, { parts, edus, kept, ts }: Flight): Transaction {
  const all = [...kept.map(({ json }) => json), ...edus];
  const body = {
    origin,
    origin_server_ts: ts,
    pdus: parts.flatMap(({ pdus }) => pdus.map(({ json }) => toObject(json))),
    ...(all.length === 0 ? {} : { edus: all.map(toObject) }),
  };
  const epochs = parts.map(({ epoch }) => epoch).join();
  return { txnId: encodeBase64Url(sha256(`${epochs} ${canonicalJson(body)}`)).slice(0, 32), body };
}

function toObject(json: string): JsonObject {
  const parsed = parseJson(json);
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error('what a room offered is not a JSON object');
  return parsed.value;
}

/** What is kept of one that was not confirmed; `undefined` for what only the moment made worth sending. */
export function toStored({ parts, edus, kept, ts }: Flight): StoredTransaction | undefined {
  if (parts.length + kept.length === 0) return undefined;
  const [first, last] = [kept.at(0), kept.at(-1)];
  return {
    parts: parts.map(({ pdus, ...part }) => ({ ...part, count: pdus.length })),
    edus,
    ...(first === undefined || last === undefined ? {} : { kept: { from: first.seq, to: last.seq } }),
    ts,
  };
}

/** The first half of the kept EDUs, of those that are sent alone. */
export const firstHalfOfKept = (flight: Flight): Flight => ({
  ...flight,
  kept: flight.kept.slice(0, Math.ceil(flight.kept.length / 2)),
});

/** The first half of the PDUs, at least one, to find the one that the server refuses. */
export function firstHalf(flight: Flight): Flight {
  let left = Math.ceil(pduCount(flight) / 2);
  const parts: FlightPart[] = [];
  for (const part of flight.parts) {
    if (left === 0) break;
    parts.push(firstOf(part, left));
    left -= Math.min(left, part.pdus.length);
  }
  return { ...flight, parts };
}

/** The part cut after `limit` PDUs. */
export function firstOf(part: FlightPart, limit: number): FlightPart {
  if (part.pdus.length <= limit) return part;
  const pdus = part.pdus.slice(0, limit);
  return { ...part, pdus, to: pdus.at(-1)?.pos ?? part.from };
}
