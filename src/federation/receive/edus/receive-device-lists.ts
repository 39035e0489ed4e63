// m.device_list_update (Server-Server API, "Device Management") and m.signing_key_update ("End-to-End Encryption")
import { parseUserId, userIdServer } from '../../../matrix/ids/user-id.ts';
import type { ServerName, UserId } from '../../../matrix/ids/brands.ts';
import { isJsonObject } from '../../../matrix/json/json-value.ts';
import type { LastingEduHandler } from '../ports.ts';

/** Keeps that devices of these users of a server changed, of which whoever shares a room with them hears soon. */
export type NoteChanges = (origin: ServerName, userIds: readonly UserId[]) => Promise<void>;

/**
 * Devices or cross-signing keys of users of the sending server changed; those of another server are dropped. What they are
 * now is asked of the server when somebody wants to know it.
 */
export function receiveDeviceLists(note: NoteChanges): LastingEduHandler {
  return async (origin, contents) => {
    const users = new Set<UserId>();
    for (const content of contents) {
      const user = isJsonObject(content) ? content['user_id'] : undefined;
      const parsed = typeof user === 'string' ? parseUserId(user) : undefined;
      if (parsed?.ok === true && userIdServer(parsed.value) === origin) users.add(parsed.value);
    }
    if (users.size > 0) await note(origin, [...users]);
  };
}
