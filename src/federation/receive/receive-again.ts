import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import { roomVersionRules } from '../../matrix/room-versions/versions.ts';
import { receiveInRoom, type OnNotTaken, type PduResult } from './receive-in-room.ts';
import type { TransactionDeps } from './receive-transaction.ts';

/** Nobody waits for an answer here but an object's alarm. */
const DEADLINES_MS = { keys: 10_000, fetching: 20_000, answer: 25_000 };

export type AgainDeps = Pick<TransactionDeps, 'serverName' | 'keys' | 'client' | 'rooms' | 'knownRooms' | 'after'>;

interface KeptPdu {
  readonly eventId: EventId;
  readonly json: string;
  /** We asked for it, as the parent of another. */
  readonly isPulled?: boolean;
}

/** Receives PDUs that were kept, as JSON, from the first check on, asking `server` for what is missing. */
export async function receiveAgain(
  deps: AgainDeps & { readonly onNotTaken: OnNotTaken },
  {
    server,
    roomId,
    pdus,
  }: {
    readonly server: ServerName;
    readonly roomId: RoomId;
    readonly pdus: readonly KeptPdu[];
  },
  background: (work: Promise<void>) => void,
): Promise<readonly PduResult[]> {
  const version = await deps.knownRooms.versionOf(roomId);
  const rules = version === undefined ? undefined : roomVersionRules(version);
  if (rules === undefined) return [];
  const events = pdus.flatMap(({ json }) => {
    const parsed = parseJson(json);
    return parsed.ok && isJsonObject(parsed.value) ? [parsed.value] : [];
  });
  const deadlines = {
    keys: deps.after(DEADLINES_MS.keys),
    fetching: deps.after(DEADLINES_MS.fetching),
    answer: deps.after(DEADLINES_MS.answer),
    background,
  };
  const pulled = new Set(pdus.filter(({ isPulled }) => isPulled === true).map(({ eventId }) => eventId));
  return receiveInRoom(deps, { roomId, rules, origin: server, pulled }, events, deadlines);
}
