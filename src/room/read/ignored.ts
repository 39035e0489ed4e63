import type { UserId } from '../../matrix/ids/brands.ts';
import type { StoredEvent } from '../store.ts';

/** Whether a reader is not shown an event for its sender: state is shown of everybody. Source: "Ignoring Users". */
export function isIgnored(
  { pdu }: { readonly pdu: Pick<StoredEvent['pdu'], 'sender' | 'stateKey'> },
  ignoredUsers: readonly UserId[],
): boolean {
  return pdu.stateKey === undefined && ignoredUsers.includes(pdu.sender);
}
