import type { EventId } from '../../matrix/ids/brands.ts';
import type { ContextAnswer, ContextQuery, EventContext } from './read-context.ts';

/** Fillings for one answer: below what one server gives may be the next hole. */
const MAX_FILLS = 3;

/** Events asked for while the one that is sought is not there: it may lie far below. */
const WHILE_SOUGHT = 100;

/**
 * An event and what surrounds it; history that is missing there is fetched first, as far as others have it.
 * @param fill fetches up to `limit` events below holes; answers whether anything new was stored.
 * @returns `undefined` where the event was not found, or may not be seen.
 */
export async function contextOverHoles<Query extends ContextQuery>(
  read: (query: Query) => Promise<ContextAnswer>,
  fill: (holes: readonly EventId[], limit: number) => Promise<boolean>,
  query: Query,
): Promise<EventContext | undefined> {
  let answer = await read(query);
  for (let fills = 0; fills < MAX_FILLS && answer.holes.length > 0; fills += 1) {
    const limit = answer.context === undefined ? WHILE_SOUGHT : query.limit;
    if (!(await fill(answer.holes, limit))) break;
    answer = await read(query);
  }
  return answer.context;
}
