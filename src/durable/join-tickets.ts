import { JoinTickets } from '../rooms/join-tickets.ts';
import { after } from './federation.ts';

/** Of this isolate, for its Worker and its objects alike: memory is the isolate's. */
export const joinTickets = new JoinTickets({ now: Date.now, after });
