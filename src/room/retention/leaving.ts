import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import { erased } from '../read/erased.ts';
import type { RoomStore, StoredEvent } from '../store.ts';
import { losesContent } from './has-expired.ts';

/** A PDU that we originate as it leaves: canonical JSON. One that waited for too long goes redacted, for the graph's sake. */
export function leavingJson(store: RoomStore, event: StoredEvent): string {
  return canonicalJson((losesContent(store, event) ? erased(store, event.pdu) : event.pdu).json);
}
