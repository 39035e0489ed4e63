import { parsePointToken, pointToken } from '../read/history-point.ts';
import type { RoomStore } from '../store.ts';
import { eventTexts } from './event-texts.ts';

/** Events of one step. */
const CHUNK = 50;
/** The point of the history down to which it was done; empty: it has not begun. */
const REACHED = 'search_filled';

/** The next of what was there before the database of search, from the newest down; `reached` is for {@link noteFilled}. */
export function nextToFill(store: RoomStore) {
  const { meta, stream, history, events } = store;
  const point = parsePointToken(meta.get(REACHED) ?? '') ?? { anchor: stream.head(), sub: 1 };
  const ids = history.page(point, 'b', CHUNK);
  const completes = ids.length < CHUNK;
  const last = ids.at(-1);
  const key = last === undefined ? undefined : events.get(last)?.history;
  return {
    range: { roomId: meta.roomId(), asOf: stream.head(), texts: eventTexts(store, ids), completes },
    reached: completes || key === undefined ? '' : pointToken(key),
  };
}

/** Once the step is in the database. */
export function noteFilled({ meta }: Pick<RoomStore, 'meta'>, reached: string): void {
  meta.set(REACHED, reached);
}
