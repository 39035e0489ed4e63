import type { Pdu } from '../../matrix/event/pdu.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import type { CheckedPdu, DecidedPdu, PduVerdict } from './ports.ts';

/** An event on its way to a decision. */
export interface Candidate {
  pdu: Pdu;
  readonly provisional: boolean;
  /** `pushed`: the origin sent it. `pulled`: we asked for it, as the parent of another. */
  readonly role: 'pushed' | 'pulled';
  claim: readonly EventId[] | undefined;
  isPolicyAsked: boolean;
  verdict: PduVerdict | undefined;
}

export const checkedPdu = ({ pdu, provisional }: Pick<Candidate, 'pdu' | 'provisional'>): CheckedPdu => ({
  eventId: pdu.eventId,
  json: canonicalJson(pdu.json),
  provisional,
});

export const decidedPdu = (candidate: Candidate): DecidedPdu => ({
  ...checkedPdu(candidate),
  ...(candidate.claim === undefined ? {} : { claim: candidate.claim }),
  ...(candidate.isPolicyAsked ? { isPolicyAsked: true } : {}),
});

/** Each event after those of its parents and auth events that are in the list; otherwise in the order given. */
export function parentsFirst<T extends { readonly pdu: Pdu }>(events: readonly T[]): readonly T[] {
  const open = new Map(events.map((event) => [event.pdu.eventId, event]));
  const sorted: T[] = [];
  const stack: { readonly event: T; readonly edges: EventId[] }[] = [];
  const enter = (event: T) => {
    open.delete(event.pdu.eventId);
    stack.push({ event, edges: [...event.pdu.prevEvents, ...event.pdu.authEvents] });
  };
  for (const event of events) {
    if (open.has(event.pdu.eventId)) enter(event);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const edge = top.edges.pop();
      const parent = edge === undefined ? undefined : open.get(edge);
      if (parent !== undefined) enter(parent);
      else if (edge === undefined) {
        sorted.push(top.event);
        stack.pop();
      }
    }
  }
  return sorted;
}
