import type { JsonObject } from '../json/json-value.ts';

/** The type of the account data in which a user says who may invite them. */
export const INVITE_PERMISSION = 'm.invite_permission_config';

/**
 * Whether a user wants no invitations at all.
 * @param content of their `m.invite_permission_config`; what is not known in it blocks nothing.
 * Source: Client-Server API, "Invite permission".
 */
export const blocksInvites = (content: JsonObject | undefined): boolean => content?.['default_action'] === 'block';
