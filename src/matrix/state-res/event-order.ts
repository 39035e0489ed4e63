import type { Pdu } from '../event/pdu.ts';

/** The last two of the three comparisons that both orderings share: lower `origin_server_ts`, then lower event ID. */
export function isEarlier(x: Pdu, y: Pdu): boolean {
  if (x.originServerTs !== y.originServerTs) return x.originServerTs < y.originServerTs;
  return x.eventId < y.eventId;
}
