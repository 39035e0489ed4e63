import { allow, deny } from '../result.ts';
import type { Result } from '../result.ts';

const texts = {
  'create-has-prev-events': 'a create event has no previous events',
  'create-domain-mismatch': 'the room ID is not of the server that creates the room',
  'create-has-room-id': 'a create event carries no room ID in this room version',
  'unknown-room-version': 'the room version is not known',
  'no-creator': 'the create event names no creator',
  'bad-additional-creators': 'additional_creators is not a list of user IDs',
  'no-create-event': 'the room has no create event',
  'create-not-accepted': 'the room ID does not name an accepted create event',
  'duplicate-auth-event': 'two auth events stand for the same state',
  'unexpected-auth-event': 'an auth event does not bear on this event',
  'rejected-auth-event': 'an auth event was rejected',
  'foreign-auth-event': 'an auth event is of another room',
  'not-federated': 'the room is closed to other servers',
  'no-state-key': 'the event has no state key',
  'foreign-aliases': "a server may state only its own room's aliases",
  'no-membership': 'the event names no membership',
  'unknown-membership': 'the membership is not known',
  'no-authorising-server': 'join_authorised_via_users_server is not a user whose server could sign',
  'not-own-membership': 'nobody can do this for another user',
  banned: 'the user is banned',
  'not-invited': 'the user is not invited',
  'join-not-authorised': 'the join is not authorised by a member who may invite',
  'join-rule': 'the join rule does not permit this',
  'third-party-invite-unsigned': 'the third-party invite is not signed',
  'third-party-invite-incomplete': 'the third-party invite lacks its user or token',
  'third-party-invite-other-user': 'the third-party invite is for another user',
  'third-party-invite-unknown': 'there is no third-party invite with this token',
  'third-party-invite-other-sender': 'the third-party invite was sent by another user',
  'third-party-invite-bad-signature': 'no signature of the third-party invite is by one of its keys',
  'sender-not-joined': 'the sender is not in the room',
  'already-member': 'the user is already in the room',
  'not-a-member': 'the user has no membership to give up',
  'cannot-unban': "the sender's power level is below the one to ban",
  'insufficient-power': "the sender's power level is too low",
  'foreign-state-key': 'the state key is the ID of another user',
  'bad-level': 'a power level is not an integer',
  'bad-users': 'users does not map user IDs to integers',
  'creator-in-users': 'the power level of a creator cannot be set',
  'level-above-sender': "a power level above the sender's cannot be changed",
  'level-raised-above-sender': "no power level can be set above the sender's",
  'user-not-below-sender': 'the power level of a user who is not below the sender cannot be changed',
  'cannot-redact': "the sender can redact only events of the sender's own server",
} as const;

/** Why the authorization rules refuse an event. */
export type AuthDeniedKind = keyof typeof texts;

export interface AuthDenied {
  readonly kind: AuthDeniedKind;
  /** The rule's place in the nested list "Authorisation rules" of the room version's page, e.g. `4.3.5.2`. */
  readonly rule: string;
}

export type AuthVerdict = Result<void, AuthDenied>;

export const allowed: AuthVerdict = allow(undefined);

export const denied = (rule: string, kind: AuthDeniedKind): AuthVerdict => deny({ kind, rule });

/** @returns the reason as a clause for people, without capital and full stop. */
export const describeDenied = ({ kind }: AuthDenied): string => texts[kind];
