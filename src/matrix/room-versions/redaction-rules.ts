import type { RedactionRules } from './rules.ts';

// All lists are in alphabetical order: so is canonical JSON, and a redacted event need not be sorted to be hashed.
const topLevelV1 = [
  'auth_events',
  'content',
  'depth',
  'event_id',
  'hashes',
  'membership',
  'origin',
  'origin_server_ts',
  'prev_events',
  'prev_state',
  'room_id',
  'sender',
  'signatures',
  'state_key',
  'type',
] as const;

const powerLevels = [
  'ban',
  'events',
  'events_default',
  'kick',
  'redact',
  'state_default',
  'users',
  'users_default',
] as const;

/** Room Version 1, "Redactions". */
export const redactionV1: RedactionRules = {
  topLevel: topLevelV1,
  content: {
    'm.room.member': ['membership'],
    'm.room.create': ['creator'],
    'm.room.join_rules': ['join_rule'],
    'm.room.power_levels': powerLevels,
    'm.room.aliases': ['aliases'],
    'm.room.history_visibility': ['history_visibility'],
  },
};

const { 'm.room.aliases': _aliases, ...contentV6 } = redactionV1.content;

/** Room Version 6: `m.room.aliases` keeps nothing. */
export const redactionV6: RedactionRules = { topLevel: topLevelV1, content: contentV6 };

/** Room Version 8: join rules keep `allow`. */
export const redactionV8: RedactionRules = {
  topLevel: topLevelV1,
  content: { ...contentV6, 'm.room.join_rules': ['allow', 'join_rule'] },
};

/** Room Version 9: members keep `join_authorised_via_users_server`. */
export const redactionV9: RedactionRules = {
  topLevel: topLevelV1,
  content: { ...redactionV8.content, 'm.room.member': ['join_authorised_via_users_server', 'membership'] },
};

/** Room Version 11: fewer keys at the top, more in the content. */
export const redactionV11: RedactionRules = {
  topLevel: topLevelV1.filter((key) => !['prev_state', 'origin', 'membership'].includes(key)),
  content: {
    ...redactionV9.content,
    'm.room.create': 'all',
    'm.room.member': ['join_authorised_via_users_server', 'membership', ['third_party_invite', ['signed']]],
    'm.room.power_levels': [...powerLevels, 'invite'].toSorted(),
    'm.room.redaction': ['redacts'],
  },
};
