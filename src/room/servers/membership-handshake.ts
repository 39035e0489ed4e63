import { checkAuth } from '../../matrix/auth/check-auth.ts';
import { describeDenied } from '../../matrix/auth/auth-verdict.ts';
import { authorisingServer } from '../../matrix/auth/restricted-join.ts';
import { badJson, forbidden, incompatibleRoomVersion, invalidParam } from '../../matrix/error.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { signPdu } from '../../matrix/event/sign.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { EventId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { decide } from '../decide/decide.ts';
import { requirePolicyAsked } from '../policy/policy-needed.ts';
import { requireOpen } from '../shutdown/require-open.ts';
import type { RoomContext } from '../room-context.ts';
import { authoriserOf, type Standing } from '../membership/authorise-join.ts';
import { templateEvent } from '../send/build-event.ts';
import { authStateOf } from '../state/state-at.ts';
import type { StateRef } from '../store.ts';
import { requireOwnUser, requireServed } from './read-for-server.ts';

/** What users of other servers become over us. */
export type HandshakeMembership = 'join' | 'leave' | 'knock';

export interface Template {
  readonly roomVersion: string;
  readonly event: JsonObject;
}

interface MakeInput {
  readonly origin: ServerName;
  readonly userId: UserId;
  readonly membership: HandshakeMembership;
  /** Room versions that the asker knows; `undefined` does not ask. */
  readonly supported?: readonly string[];
  /** Of a join that depends on other rooms. */
  readonly standing?: Standing | undefined;
}

/**
 * What a server has to sign so that its user joins, leaves or knocks. Throws `M_FORBIDDEN` for what the rules refuse,
 * `M_INCOMPATIBLE_ROOM_VERSION` with the room's version for an asker who does not know it, and what
 * {@link authoriserOf} throws.
 * Source: Server-Server API, `GET /make_join/{roomId}/{userId}`, `GET /make_leave/{roomId}/{userId}` and
 * `GET /make_knock/{roomId}/{userId}`.
 */
export function makeMembership(ctx: RoomContext, input: MakeInput): Template {
  const { origin, userId, membership, supported, standing } = input;
  requireServed(ctx.store, origin);
  if (membership !== 'leave') requireOpen(ctx.store);
  requireOwnUser(origin, userId);
  if (supported !== undefined) requireVersion(ctx, supported);
  const authoriser = membership === 'join' ? authoriserOf(ctx, userId, standing) : undefined;
  const content =
    authoriser === undefined ? { membership } : { membership, join_authorised_via_users_server: authoriser };
  const draft = { type: 'm.room.member', sender: userId, stateKey: userId, content };
  const event = templateEvent(ctx, draft);
  const current: StateRef = { pos: ctx.store.stream.head(), group: null };
  const asIfSent = { ...draft, eventId: '$' as EventId, roomId: ctx.store.meta.roomId() };
  const verdict = checkAuth(
    ctx.rules,
    { ...asIfSent, ...event.graph, redacts: undefined, originServerTs: ctx.now, json: event.json },
    authStateOf(ctx.store, current),
  );
  if (!verdict.ok) throw forbidden(`${userId} may not ${membership}: ${describeDenied(verdict.reason)}`);
  return { roomVersion: ctx.rules.id, event: event.json };
}

function requireVersion(ctx: RoomContext, supported: readonly string[]): void {
  if (supported.includes(ctx.rules.id)) return;
  throw incompatibleRoomVersion('Your server does not support the version of this room', {
    room_version: ctx.rules.id,
  });
}

export interface AcceptInput {
  /** Whose signatures the caller has checked, but for our own of a restricted join. */
  readonly pdu: Pdu;
  readonly origin: ServerName;
  readonly membership: HandshakeMembership;
  /** Of a join that depends on other rooms. */
  readonly standing?: Standing | undefined;
}

/**
 * Takes a join, leave or knock that a server signed, as any other event, with our signature where one of our users
 * answers for the join, and carries it to the others. Throws `M_FORBIDDEN` for what is not accepted, `M_INVALID_PARAM` for what rests
 * on events that we lack, and what {@link authoriserOf} throws.
 * Source: Server-Server API, `PUT /v2/send_join/{roomId}/{eventId}`, `PUT /v2/send_leave/{roomId}/{eventId}` and
 * `PUT /v1/send_knock/{roomId}/{eventId}`.
 */
export function acceptMembership(ctx: RoomContext, input: AcceptInput): void {
  const { store } = ctx;
  const { origin, membership } = input;
  requireServed(store, origin);
  if (membership !== 'leave') requireOpen(store);
  requireShape(input.pdu, origin, membership);
  const pdu = membership === 'join' ? answeredFor(ctx, input.pdu, input.standing) : input.pdu;
  const verdict = decide(ctx, { pdu, origin, provisional: false, isRelayed: true });
  requirePolicyAsked(verdict, pdu);
  if (verdict.kind === 'needs') throw invalidParam('The event names events that this server does not have');
  if (verdict.kind === 'rejected' || verdict.kind === 'soft_failed') throw forbidden(`Refused: ${verdict.reason}`);
  const stored = store.events.get(pdu.eventId);
  if (stored?.before === undefined || stored.status !== 'accepted') throw forbidden('The event was refused before');
}

/** A join that names a user of ours as who answers for it, with our signature: the conditions are judged once more. */
function answeredFor(ctx: RoomContext, pdu: Pdu, standing: Standing | undefined): Pdu {
  if (authorisingServer(ctx.rules, pdu) !== ctx.serverName) return pdu;
  authoriserOf(ctx, pdu.sender, standing);
  const signed = signPdu(ctx.rules, pdu, ctx.serverName, ctx.signingKey);
  if (!signed.ok) throw invalidParam('The event has no room for our signature');
  return signed.value;
}

function requireShape(pdu: Pdu, origin: ServerName, membership: string): void {
  const isMember = pdu.type === 'm.room.member' && pdu.stateKey === pdu.sender;
  if (!isMember || pdu.content['membership'] !== membership) throw badJson(`This is no ${membership} event`);
  if (userIdServer(pdu.sender) !== origin) throw forbidden('The user is not one of your server');
}
