/**
 * Keys that one statement is asked about, in one string of JSON: a Durable Object's SQLite takes none of more than 2 MB,
 * and an event's ID or each part of a key of the state has up to 255 bytes, six times as many where JSON escapes all of
 * them. Source: Cloudflare Docs, Durable Objects, "Limits".
 */
const AT_ONCE = 500;

/** A list in parts that are short enough for one statement each. */
export function* askedAtOnce<Item>(items: readonly Item[]): Iterable<readonly Item[]> {
  for (let at = 0; at < items.length; at += AT_ONCE) yield items.slice(at, at + AT_ONCE);
}
