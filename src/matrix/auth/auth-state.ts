import type { Pdu } from '../event/pdu.ts';

/**
 * The room state against which an event is judged: the event that holds a (type, state_key), if any. It also answers
 * `('m.room.create', '')` in room versions whose events do not name the create event among their auth events.
 */
export type AuthState = (type: string, stateKey: string) => Pdu | undefined;
