import { invalidParam } from '../../../matrix/error.ts';
import type { KeptReport } from '../../../rooms/report.ts';

/** A report as the admin API shows it; `null`: it is about none. */
export const reportAnswer = ({ id, ts, reporter, roomId, eventId, userId, reason }: KeptReport) => ({
  id,
  ts,
  reporter,
  room_id: roomId ?? null,
  event_id: eventId ?? null,
  user_id: userId ?? null,
  reason,
});

/** The ID of a path. Throws `M_INVALID_PARAM`. */
export function reportIdOf(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw invalidParam('The ID of a report is a number');
  return Number(text);
}
