// Takes the content of expired messages out of the tables, some at a time (design/retention.md).
import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import { namedMedia } from '../named-media.ts';
import { erased } from '../read/erased.ts';
import { editedBy, eventTexts } from '../find/event-texts.ts';
import type { RoomStore, StoredEvent } from '../store.ts';
import { losesContent } from './has-expired.ts';
import type { AgingRow } from './retention-store.ts';

/** Rows that one step looks at, and messages that it empties: a few milliseconds. */
const SCANNED = 1_000;
const EMPTIED = 50;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** What came this much later than it says it was sent expires out of the order in which events came. */
const LATE_MS = 3_600_000;

/** Values of `meta`: where the sweep is, and whether something came late since. */
const SWEEP = 'retention';
const LATE = 'retention_late';

/** One pass over the events in the order in which they came. */
interface Pass {
  /** Messages may get so old (ms). */
  readonly lifetime: number;
  /** The row that it goes on with. */
  readonly at: number;
  /** No row below has content that ever goes. */
  readonly swept: number;
  /** To the last row, and not only to the first that came too lately to have expired in time. */
  readonly isWhole: boolean;
  /** When the next that it came by expires (ms). */
  readonly due?: number;
  /** It came by some that came late and have not expired. */
  readonly hasLate: boolean;
  readonly isDone: boolean;
}

/** What one step found, to be told to others before {@link endStep} empties it. */
export interface SweepStep {
  readonly expired: readonly EventId[];
  /** Where the pass is after it. */
  readonly pass: Pass;
}

/**
 * The next step of the sweep; `undefined` where messages of the room may get any age. Reads only.
 * @param now milliseconds since the epoch.
 */
export function nextStep(store: RoomStore, now: number): SweepStep | undefined {
  const lifetime = store.retention.lifetime();
  if (lifetime === undefined) return undefined;
  const begun = passOf(store, lifetime);
  const horizon = now - lifetime;
  const expired: EventId[] = [];
  const rows = store.retention.rowsFrom(begun.at, SCANNED);
  let pass: Pass = { ...begun, isDone: rows.length < SCANNED };
  for (const row of rows) {
    const isDue = row.isOpen && row.ts <= horizon;
    if (isDue && expired.length === EMPTIED) return { expired, pass: { ...pass, isDone: false } };
    if (!isDue && !begun.isWhole && row.receivedTs > horizon) {
      return { expired, pass: { ...withDue(pass, row.receivedTs), isDone: true } };
    }
    if (isDue) expired.push(row.eventId);
    pass = behind(pass, row, isDue);
  }
  return { expired, pass };
}

function behind(pass: Pass, row: AgingRow, isDue: boolean): Pass {
  // The last row is looked at again: one that took the place of a row that was removed has its number.
  const at = row.row;
  if (row.isOpen && !isDue) return { ...withDue(pass, row.ts), at, hasLate: pass.hasLate || isLate(row) };
  return { ...pass, at, swept: pass.due === undefined ? at : pass.swept };
}

function withDue(pass: Pass, ts: number): Pass {
  return { ...pass, due: Math.min(pass.due ?? Infinity, ts + pass.lifetime) };
}

function passOf({ meta }: Pick<RoomStore, 'meta'>, lifetime: number): Pass {
  const stored = meta.get(SWEEP);
  const last = stored === undefined ? undefined : (JSON.parse(stored) as Pass);
  if (last?.lifetime === lifetime && !last.isDone) return last;
  const swept = last?.swept ?? 0;
  const isWhole = last?.lifetime !== lifetime || meta.get(LATE) === '1';
  return { lifetime, at: swept, swept, isWhole, hasLate: false, isDone: false };
}

/** @returns for which lifetime (ms) the events were last gone through, or are. */
export function sweptFor({ meta }: Pick<RoomStore, 'meta'>): number | undefined {
  const stored = meta.get(SWEEP);
  return stored === undefined ? undefined : (JSON.parse(stored) as Pass).lifetime;
}

/** Messages may get any age: when they may not any more, all of them are gone through. */
export function endSweep({ meta }: Pick<RoomStore, 'meta'>): undefined {
  const stored = meta.get(SWEEP);
  if (stored !== undefined) meta.set(SWEEP, JSON.stringify({ ...(JSON.parse(stored) as Pass), lifetime: 0 }));
}

/**
 * Empties what a step found, as far as it is still expired, in the transaction that is open.
 * @returns when (ms) the next step is due; `undefined`: when something was said again.
 */
export function endStep(store: RoomStore, { expired, pass }: SweepStep, now: number): number | undefined {
  if (store.retention.lifetime() !== pass.lifetime) return now;
  for (const eventId of expired) {
    const event = store.events.get(eventId);
    if (event === undefined || event.isExpired || !losesContent(store, event)) continue;
    store.events.update({ ...event, pdu: erased(store, event.pdu), isExpired: true });
  }
  // What was said while others were told is not among the rows of this step.
  const isDone = pass.isDone && expired.length === 0;
  store.meta.set(SWEEP, JSON.stringify({ ...pass, isDone }));
  if (!isDone) return now;
  if (pass.isWhole) noteLate(store, pass.hasLate);
  return pass.due === undefined ? undefined : Math.max(pass.due, now + pauseOf(pass.lifetime));
}

/** Between two passes: content is here for no more than a 24th of the lifetime after it is hidden. */
function pauseOf(lifetime: number): number {
  return Math.min(Math.max(lifetime / 24, MINUTE_MS), DAY_MS);
}

function isLate({ receivedTs, ts }: { readonly receivedTs: number; readonly ts: number }): boolean {
  return receivedTs - ts > LATE_MS;
}

/** A message that was sent long ago comes: the next pass does not end at what came lately. */
export function noteArrival(store: Pick<RoomStore, 'meta' | 'retention'>, { pdu, receivedTs }: StoredEvent): void {
  if (pdu.stateKey !== undefined || !isLate({ receivedTs, ts: pdu.originServerTs })) return;
  if (store.retention.lifetime() !== undefined) noteLate(store, true);
}

function noteLate({ meta }: Pick<RoomStore, 'meta'>, hasLate: boolean): void {
  const value = hasLate ? '1' : '0';
  if ((meta.get(LATE) ?? '0') !== value) meta.set(LATE, value);
}

/** What the projections are told of messages that go: no words, and which files they named. */
export function goneOf(store: RoomStore, expired: readonly EventId[], serverName: ServerName) {
  const roomId = store.meta.roomId();
  const events = expired.map((eventId) => store.events.get(eventId)).filter((event) => event !== undefined);
  const redacted = events.map(({ pdu: { eventId, sender, content } }) => ({
    eventId,
    sender,
    media: namedMedia(content, serverName),
  }));
  // An edit may expire before what it edits: that is found by its own words again.
  const texts = eventTexts(store, [...expired, ...events.map(editedBy)]);
  return {
    projected: { roomId, to: 0, events: [], memberships: [], redacted },
    searched: { roomId, asOf: store.stream.head(), texts, completes: false },
  };
}
