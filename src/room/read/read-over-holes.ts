import type { EventId } from '../../matrix/ids/brands.ts';
import type { Messages, MessagesQuery } from './read-messages.ts';

/** Fillings for one page: below what one server gives there may be the next hole. */
const MAX_FILLS = 3;

/**
 * A page of the history whose holes are filled while there is something to fill them with. A hole that is still there
 * after that ends the page, so that the next one begins with it; one that nobody can fill is passed over.
 * @param fill fetches what lies below holes; answers whether anything new was stored.
 */
export async function readOverHoles<Query extends MessagesQuery>(
  read: (query: Query) => Promise<Messages>,
  fill: (holes: readonly EventId[]) => Promise<boolean>,
  query: Query,
): Promise<Messages> {
  let page = await read(query);
  for (let fills = 0; fills < MAX_FILLS && page.holes.length > 0; fills += 1) {
    if (!(await fill(page.holes))) return page;
    page = await read(query);
  }
  return page.holes.length === 0 ? page : read({ ...query, endsAtHole: true });
}
