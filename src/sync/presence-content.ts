import type { UserId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';

/** How a user is. */
export interface SeenPresence {
  readonly userId: UserId;
  readonly presence: string;
  readonly statusMsg?: string;
  /** Milliseconds since the epoch. */
  readonly activeTs?: number;
  readonly currentlyActive: boolean;
}

/** The content of an `m.presence` event. Source: Client-Server API, "m.presence". */
export function presenceContent(seen: SeenPresence, now: number): JsonObject {
  const { presence, statusMsg, activeTs, currentlyActive } = seen;
  return {
    presence,
    ...(activeTs === undefined ? {} : { last_active_ago: Math.max(0, now - activeTs) }),
    ...(presence === 'online' ? { currently_active: currentlyActive } : {}),
    ...(statusMsg === undefined ? {} : { status_msg: statusMsg }),
  };
}
