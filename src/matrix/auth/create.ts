import type { Pdu } from '../event/pdu.ts';
import { roomIdServer } from '../ids/room-id.ts';
import { parseUserId, userIdServer } from '../ids/user-id.ts';
import type { JsonValue } from '../json/json-value.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import { roomVersionRules } from '../room-versions/versions.ts';
import { allowed, denied } from './auth-verdict.ts';
import type { AuthVerdict } from './auth-verdict.ts';

/** Rule 1, `m.room.create`: the only rule for it. Source: "Authorisation rules" of each room version's page. */
export function checkCreate(rules: RoomVersionRules, event: Pdu): AuthVerdict {
  if (event.prevEvents.length > 0) return denied('1.1', 'create-has-prev-events');
  if (rules.roomIdIsCreateEvent) {
    if (event.json.room_id !== undefined) return denied('1.2', 'create-has-room-id');
  } else if (roomIdServer(event.roomId) !== userIdServer(event.sender)) {
    return denied('1.2', 'create-domain-mismatch');
  }
  const { room_version: version, creator, additional_creators: additional } = event.content;
  if (version !== undefined && !isKnownVersion(version)) return denied('1.3', 'unknown-room-version');
  if (!rules.creatorIsSender && creator === undefined) return denied('1.4', 'no-creator');
  if (rules.creatorsArePrivileged && additional !== undefined && !areUserIds(additional)) {
    return denied('1.4', 'bad-additional-creators');
  }
  return allowed;
}

function isKnownVersion(version: JsonValue): boolean {
  return typeof version === 'string' && roomVersionRules(version) !== undefined;
}

function areUserIds(value: JsonValue): boolean {
  return Array.isArray(value) && value.every((user) => typeof user === 'string' && parseUserId(user).ok);
}
