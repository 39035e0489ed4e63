import { notFound } from '../../matrix/error.ts';
import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import type { AnswerRow, RoomStore, StateRef, StoredEvent } from '../store.ts';
import { requireOwnUser, requireServed } from './read-for-server.ts';
import { RowSet, rowSetOf } from './row-set.ts';
import { asPdu, authChainList, heroesOf, serversIn, stateList, type AnswerText } from './state-answer.ts';

export interface JoinAnswerQuery {
  /** Whose user has joined. */
  readonly origin: ServerName;
  /** The join, which was accepted. */
  readonly eventId: EventId;
  /** The server does without the other members for now. */
  readonly omitMembers: boolean;
}

/**
 * What a server whose join was accepted needs to be in the room: the state before it, and the auth chain of both.
 * Throws before the first piece, or not at all: `M_NOT_FOUND` for a join that was not accepted.
 * Source: Server-Server API, `PUT /v2/send_join/{roomId}/{eventId}`, 200.
 */
export function joinAnswer(
  store: RoomStore,
  serverName: ServerName,
  { origin, eventId, omitMembers }: JoinAnswerQuery,
): AnswerText {
  requireServed(store, origin);
  const join = store.events.get(eventId);
  const [row] = store.answers.byIds([eventId]);
  if (row === undefined || join?.before === undefined || join.status !== 'accepted') {
    throw notFound('There is no such join');
  }
  requireOwnUser(origin, join.pdu.sender);
  return text(store, { serverName, join, row, before: join.before, omitMembers });
}

function* text(
  store: RoomStore,
  parts: {
    readonly serverName: ServerName;
    readonly join: StoredEvent;
    readonly row: AnswerRow;
    readonly before: StateRef;
    readonly omitMembers: boolean;
  },
): AnswerText {
  const { serverName, join, row, before, omitMembers } = parts;
  yield `{"origin":${JSON.stringify(serverName)},"members_omitted":${omitMembers}`;
  yield `,"servers_in_room":${JSON.stringify(serversIn(store, before))},"event":${row.json},"state":`;
  const members = omitMembers ? heroesOf(store, before, join.pdu.sender) : 'all';
  const listed = new RowSet();
  yield* stateList(store, before, { members, as: asPdu, listed });
  yield ',"auth_chain":';
  const of = listed.union(rowSetOf([row]));
  yield* authChainList(store, of, { as: asPdu, ...(omitMembers && { without: listed }) });
  yield '}';
}
