// m.presence (Server-Server API, "Presence")
import { parseUserId, userIdServer } from '../../../matrix/ids/user-id.ts';
import type { ServerName, UserId } from '../../../matrix/ids/brands.ts';
import { isJsonObject, type JsonValue } from '../../../matrix/json/json-value.ts';
import type { EduHandler } from '../ports.ts';

/** Of one EDU; what comes after is passed over. */
const MAX_UPDATES = 100;
const MAX_STATUS_BYTES = 1_000;

export interface RemotePresence {
  readonly userId: UserId;
  readonly presence: 'online' | 'unavailable' | 'offline';
  readonly statusMsg?: string;
  /** When the user last did something, in milliseconds since the epoch. */
  readonly activeTs?: number;
  readonly currentlyActive: boolean;
}

export interface PresenceReceivers {
  /** Whether the server shares a room with us: strangers tell nothing. */
  isKnown(origin: ServerName): Promise<boolean>;
  receive(origin: ServerName, updates: readonly RemotePresence[]): Promise<void>;
}

/** Users of the sending server are online, idle or away; those of another server are dropped. */
export function receivePresence(receivers: PresenceReceivers, now: () => number): EduHandler {
  return async (origin, content) => {
    const push = isJsonObject(content) ? content['push'] : undefined;
    const items: readonly JsonValue[] = Array.isArray(push) ? push : [];
    const updates = new Map<UserId, RemotePresence>();
    for (const item of items.slice(0, MAX_UPDATES)) {
      const update = readUpdate(origin, item, now());
      if (update !== undefined) updates.set(update.userId, update);
    }
    if (updates.size === 0 || !(await receivers.isKnown(origin))) return;
    await receivers.receive(origin, [...updates.values()]);
  };
}

function readUpdate(origin: ServerName, item: JsonValue, now: number): RemotePresence | undefined {
  if (!isJsonObject(item)) return undefined;
  const { user_id: user, presence, status_msg: status, last_active_ago: ago, currently_active: active } = item;
  const userId = typeof user === 'string' ? parseUserId(user) : undefined;
  if (userId?.ok !== true || userIdServer(userId.value) !== origin) return undefined;
  if (presence !== 'online' && presence !== 'unavailable' && presence !== 'offline') return undefined;
  const isStatus = typeof status === 'string' && status !== '' && Buffer.byteLength(status) <= MAX_STATUS_BYTES;
  return {
    userId: userId.value,
    presence,
    currentlyActive: active === true && presence === 'online',
    ...(isStatus ? { statusMsg: status } : {}),
    ...(typeof ago === 'number' && ago >= 0 ? { activeTs: Math.max(0, now - ago) } : {}),
  };
}
