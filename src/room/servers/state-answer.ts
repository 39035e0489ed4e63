// Answers that hold a state of the room and its auth chain. They grow with the room, so they are made page by page, each
// page one synchronous read: a state never changes, so it does not matter what happens between two of them.
import { splitStateTuple, stateTuple } from '../../matrix/event/state-map.ts';
import type { ServerName, UserId } from '../../matrix/ids/brands.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import { roomSummary } from '../read/room-summary.ts';
import { stateEventId } from '../state/state-at.ts';
import type { AnswerRow, RoomStore, StatePage, StateRef } from '../store.ts';
import { RowSet } from './row-set.ts';

/** Events of one page; with the largest events allowed it has 6.4 MB, with usual ones 80 KB. */
const PAGE = 100;

const MEMBER = 'm.room.member';

/** Pieces of JSON text, which make up an answer when they are put together. */
export type AnswerText = Generator<string, void>;

type Store = Pick<RoomStore, 'answers' | 'state' | 'events'>;

/** How an event stands in a list: whole, or by its ID. */
export type AsText = (row: AnswerRow) => string;
export const asPdu: AsText = ({ json }) => json;
export const asId: AsText = ({ eventId }) => JSON.stringify(eventId);

/** The members of a state that an answer without the others still names, or `all`. */
export type Members = 'all' | readonly UserId[];

/** A state, each event once. What is listed is noted in `listed`. */
export function* stateList(
  store: Store,
  ref: StateRef,
  { members, as, listed }: { readonly members: Members; readonly as: AsText; readonly listed: RowSet },
): AnswerText {
  yield* list(
    (function* () {
      for (const page of statePages(store, ref, members)) {
        for (const { row } of page) listed.add(row);
        yield page;
      }
    })(),
    as,
  );
}

/**
 * The auth events of these events and theirs.
 * @param without left out of the list, though what they rest on is in it.
 */
export function* authChainList(
  store: Store,
  of: RowSet,
  { as, without }: { readonly as: AsText; readonly without?: RowSet },
): AnswerText {
  yield* list(chainPages(store, of, without?.copy() ?? new RowSet()), as);
}

function* statePages({ answers, state, events }: Store, ref: StateRef, members: Members): Generator<AnswerRow[], void> {
  const group = ref.group === null ? undefined : state.group(ref.group);
  const isChanged = (type: string, stateKey: string) => group?.has(stateTuple(type, stateKey)) === true;
  for (const range of rangesOf(members)) {
    let { from } = range;
    for (let isMore = true; isMore;) {
      const page = answers.stateAt(ref.pos, { ...range, from }, PAGE);
      const kept = page.filter(({ type, stateKey }) => !isChanged(type, stateKey));
      if (kept.length > 0) yield kept;
      isMore = page.length === PAGE;
      const last = page.at(-1);
      if (last !== undefined) from = { type: last.type, stateKey: next(last.stateKey) };
    }
  }
  const changed = [...(group ?? [])].flatMap(([tuple, eventId]) =>
    eventId === undefined || (members !== 'all' && splitStateTuple(tuple).type === MEMBER) ? [] : [eventId],
  );
  const named = members === 'all' ? [] : members.flatMap((user) => stateEventId({ state }, ref, MEMBER, user) ?? []);
  const rest = [...changed, ...named.filter((eventId) => events.has(eventId))];
  for (let at = 0; at < rest.length; at += PAGE) yield [...answers.byIds(rest.slice(at, at + PAGE))];
}

/** The text that comes next after this one, in the order of bytes. */
const next = (text: string): string => `${text}\u0000`;

const START = { type: '', stateKey: '' };

/** The keys of the members stand in one piece: an answer without them steps over it. */
function rangesOf(members: Members): readonly StatePage[] {
  if (members === 'all') return [{ from: START }];
  return [{ from: START, below: MEMBER }, { from: { type: next(MEMBER), stateKey: '' } }];
}

function* chainPages({ answers }: Store, of: RowSet, given: RowSet): Generator<readonly AnswerRow[], void> {
  const found = new RowSet();
  const open: number[] = [];
  function* below(rows: readonly number[]): Generator<readonly AnswerRow[], void> {
    const fresh = answers.authRowsOf(rows).filter((row) => found.add(row));
    open.push(...fresh);
    const listed = fresh.filter((row) => given.add(row));
    for (let at = 0; at < listed.length; at += PAGE) yield answers.byRows(listed.slice(at, at + PAGE));
  }
  for (const rows of inPages(of.values())) {
    yield* below(rows);
    while (open.length > 0) yield* below(open.splice(-PAGE));
  }
}

function* inPages(rows: Iterable<number>): Generator<readonly number[], void> {
  let page: number[] = [];
  for (const row of rows) {
    page.push(row);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

function* list(pages: Iterable<readonly AnswerRow[]>, as: AsText): AnswerText {
  let separator = '[';
  for (const page of pages) {
    if (page.length === 0) continue;
    yield `${separator}${page.map(as).join(',')}`;
    separator = ',';
  }
  yield separator === '[' ? '[]' : ']';
}

/** Servers with a joined user in a state. */
export function serversIn(store: Store, ref: StateRef): readonly ServerName[] {
  if (ref.group === null) return store.state.serversAt(ref.pos);
  const changed = [...store.state.group(ref.group)].map(([tuple, eventId]) => ({ ...splitStateTuple(tuple), eventId }));
  const users = changed.filter(({ type }) => type === MEMBER);
  const joined = users.filter(
    ({ eventId }) => eventId !== undefined && store.events.get(eventId)?.pdu.content['membership'] === 'join',
  );
  const others = store.answers.joinedServers(
    ref.pos,
    users.map(({ stateKey }) => stateKey),
  );
  return [...new Set([...others, ...joined.map(({ stateKey }) => userIdServer(stateKey as UserId))])];
}

/**
 * The members by whom clients name a room that has no name of its own.
 * Source: Server-Server API, `PUT /v2/send_join/{roomId}/{eventId}`, `omit_members`.
 */
export function heroesOf(store: RoomStore, ref: StateRef, userId: UserId): readonly UserId[] {
  return (roomSummary(store, userId, ref.pos)['m.heroes'] ?? []) as readonly UserId[];
}
