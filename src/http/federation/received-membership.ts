import type { ReceivedMembership } from '../../rooms/received-event.ts';
import type { FromServer } from '../middleware/require-server.ts';
import { eventIdIn, roomIdIn } from './request-ids.ts';

/** A request whose body is the event that its path names. */
export const receivedMembership = (
  { requester, body }: FromServer['Variables'],
  path: { readonly roomId: string; readonly eventId: string },
): ReceivedMembership => ({
  origin: requester.origin,
  roomId: roomIdIn(path.roomId),
  eventId: eventIdIn(path.eventId),
  event: body,
});
