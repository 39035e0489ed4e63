import type { ServerName } from '../matrix/ids/brands.ts';
import { parseMediaId } from '../matrix/ids/mxc.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import { canonicalJson } from '../matrix/json/canonical-json.ts';

/** More than any event needs. */
const MAX_NAMED = 20;

/** The files of this server that the content of an event names, wherever it does: media IDs. */
export function namedMedia(content: JsonObject, serverName: ServerName): readonly string[] {
  const start = `mxc://${serverName}/`;
  const found = new Set<string>();
  for (const rest of canonicalJson(content).split(start).slice(1)) {
    const id = /^[A-Za-z0-9_-]{1,255}/.exec(rest)?.[0] ?? '';
    if (parseMediaId(id).ok) found.add(id);
    if (found.size === MAX_NAMED) break;
  }
  return [...found];
}
