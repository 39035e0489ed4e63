import type { Pdu } from '../event/pdu.ts';

/** UTF-16 order equals code point order where no surrogate takes part. */
const surrogate = /[\uD800-\uDFFF]/;

/** The last two of the three comparisons that both orderings share: lower `origin_server_ts`, then lower event ID. */
export function isEarlier(x: Pdu, y: Pdu): boolean {
  if (x.originServerTs !== y.originServerTs) return x.originServerTs < y.originServerTs;
  // Servers choose the IDs of versions 1 and 2, and all must compare them alike: by code point.
  if (!surrogate.test(x.eventId) && !surrogate.test(y.eventId)) return x.eventId < y.eventId;
  return Buffer.compare(Buffer.from(x.eventId), Buffer.from(y.eventId)) < 0;
}
