import type { UserId } from '../../matrix/ids/brands.ts';
import type { LatestEdu } from './edu-buffer.ts';

/** How a user is, as other servers are told. */
export interface ToldPresence {
  readonly userId: UserId;
  readonly presence: 'online' | 'unavailable' | 'offline';
  readonly statusMsg?: string;
  /** When the user last did something, in milliseconds since the epoch. */
  readonly activeTs?: number;
  readonly currentlyActive: boolean;
}

/** An update is worth sending for this long. */
const EDU_LIFE_MS = 60_000;

/** Source: Server-Server API, `m.presence`. Always with `push`: there are servers that look for nothing else. */
export function presenceEdu(
  { userId, presence, statusMsg, activeTs, currentlyActive }: ToldPresence,
  now: number,
): LatestEdu {
  const update = {
    user_id: userId,
    presence,
    last_active_ago: Math.max(0, now - (activeTs ?? now)),
    currently_active: currentlyActive,
    ...(statusMsg === undefined ? {} : { status_msg: statusMsg }),
  };
  const edu = { edu_type: 'm.presence', content: { push: [update] } };
  return { key: `m.presence ${userId}`, json: JSON.stringify(edu), expiresAt: now + EDU_LIFE_MS };
}
