import { isSearchedType, textOfEvent } from '../../matrix/discovery/event-text.ts';
import { wordsOf } from '../../matrix/discovery/words.ts';
import { relationOf } from '../../matrix/event/relation.ts';
import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../../matrix/json/json-value.ts';
import { NO_HORIZON } from '../relations/relation-reader.ts';
import { hasExpired } from '../retention/has-expired.ts';
import type { RelationReader } from '../relations/relation-store.ts';
import type { RoomStore, StoredEvent } from '../store.ts';

/** Characters of one event: what a very long one says behind that is not found. A batch stays below 2 MB. */
const MAX_WORDS = 10_000;

/** A position behind every other. */
const END = Number.MAX_SAFE_INTEGER;

/** A reader from whom nothing is kept: what each user may see is asked again when they search. */
const EVERYBODY: RelationReader = {
  userId: '' as UserId,
  ignoredUsers: [],
  joinedUntil: END,
  horizon: NO_HORIZON,
  spans: [[0, END, 'join']],
};

/** The event that an edit is found by; of everything else the event itself. */
export function editedBy(event: Pick<StoredEvent, 'pdu'>): EventId {
  const relation = relationOf(event.pdu);
  return relation?.relType === 'm.replace' ? relation.parentId : event.pdu.eventId;
}

const isEdit = (event: StoredEvent): boolean => editedBy(event) !== event.pdu.eventId;

/**
 * What these events are found by, as of now: those without text, and those that are not in the history, are left out;
 * of what was redacted or has expired it is said that nothing may be kept.
 */
export function eventTexts(store: RoomStore, eventIds: Iterable<EventId>) {
  const events = [...new Set(eventIds)]
    .map((id) => store.events.get(id))
    .filter((event) => event !== undefined)
    .filter((event) => event.history !== undefined && isSearchedType(event.pdu.type) && !isEdit(event));
  const edits = newestEdits(store, events);
  return events.map((event) => {
    const { eventId, type, sender, originServerTs } = event.pdu;
    const ts = Math.min(originServerTs, event.receivedTs);
    const isGone = event.redactedBy !== undefined || hasExpired(store, event);
    const text = isGone ? '' : textOfEvent(type, edits.get(eventId) ?? event.pdu.content);
    const words = wordsOf(text).join(' ').slice(0, MAX_WORDS).toWellFormed();
    return { eventId, type, sender, ts, words: words === '' ? null : words };
  });
}

/** The new content of each that has an edit that holds. */
function newestEdits(store: RoomStore, events: readonly StoredEvent[]): ReadonlyMap<EventId, JsonObject> {
  const editable = events.filter(({ pdu, redactedBy }) => pdu.stateKey === undefined && redactedBy === undefined);
  if (editable.length === 0) return new Map();
  const latest = store.relations.latestEdits(
    editable.map(({ pdu }) => pdu),
    { ...EVERYBODY, horizon: store.retention.horizon() ?? NO_HORIZON },
  );
  return new Map(
    [...latest].flatMap(([id, editId]) => {
      const content = store.events.get(editId)?.pdu.content['m.new_content'];
      return isJsonObject(content) ? [[id, content] as const] : [];
    }),
  );
}
