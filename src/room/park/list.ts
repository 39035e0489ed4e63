// For the administrator: what could not be decided, and what was refused, with the reasons.
import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import type { ParkedRow, ParkReason, RoomStore } from '../store.ts';

export interface Page {
  /** How many are passed over. */
  readonly offset: number;
  readonly limit: number;
}

export interface ListedParked {
  readonly eventId: EventId;
  /** The server that sent it. */
  readonly origin: ServerName;
  readonly type: string;
  readonly sender: string;
  readonly reason: ParkReason;
  readonly detail: string | undefined;
  readonly missing: readonly EventId[];
  readonly attempts: number;
  readonly parkedTs: number;
  readonly retryAt: number | undefined;
}

export interface ListedRejected {
  readonly eventId: EventId;
  readonly status: 'rejected' | 'soft_failed';
  readonly type: string;
  readonly sender: string;
  readonly stateKey: string | undefined;
  readonly reason: string | undefined;
  readonly receivedTs: number;
}

/** Longest parked first. */
export function listParked({ parked }: Pick<RoomStore, 'parked'>, { offset, limit }: Page): readonly ListedParked[] {
  return parked.list(offset, limit).map((row) => {
    const { json: _json, isPulled: _isPulled, ...told } = row;
    const event = readEvent(row);
    return { ...told, type: textOf(event['type']), sender: textOf(event['sender']) };
  });
}

/** Newest first. */
export function listRejected({ events }: Pick<RoomStore, 'events'>, { offset, limit }: Page) {
  return events.refused(offset, limit).flatMap((eventId): readonly ListedRejected[] => {
    const stored = events.get(eventId);
    if (stored === undefined || (stored.status !== 'rejected' && stored.status !== 'soft_failed')) return [];
    const { type, sender, stateKey } = stored.pdu;
    const { status, reason, receivedTs } = stored;
    return [{ eventId, status, type, sender, stateKey, reason, receivedTs }];
  });
}

function readEvent({ json }: ParkedRow): JsonObject {
  const parsed = parseJson(json);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
