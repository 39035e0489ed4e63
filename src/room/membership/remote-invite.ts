// Drafts: an invitation that the invitee's server must sign before the room commits it (contracts, section 5).
import { forbidden, notFound } from '../../matrix/error.ts';
import { addSignatures } from '../../matrix/event/add-signatures.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { pduFromStored } from '../../matrix/event/stored-pdu.ts';
import { checkAuth } from '../../matrix/auth/check-auth.ts';
import { describeDenied } from '../../matrix/auth/auth-verdict.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { EventId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import { isJsonObject, type JsonObject } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import { decide } from '../decide/decide.ts';
import { requireLive } from '../lifecycle.ts';
import { requireOpen } from '../shutdown/require-open.ts';
import type { RoomContext } from '../room-context.ts';
import { requirePolicyAsked } from '../policy/policy-needed.ts';
import { buildEvent } from '../send/build-event.ts';
import type { Sent } from '../send/send-event.ts';
import { authStateOf } from '../state/state-at.ts';
import { inviteRoomState } from './invite-room-state.ts';
import { membershipDraft, membershipsOf, type MembershipInput } from './change-membership.ts';

export interface InviteDraft {
  readonly eventId: EventId;
  /** Canonical JSON, signed by us. */
  readonly json: string;
  readonly roomVersion: string;
  /** For `invite_room_state`: stripped state and, as whole PDUs, what the invitee needs to know the room by. */
  readonly inviteRoomState: readonly JsonObject[];
}

/** A draft that nobody has committed by then is dropped. */
export const DRAFT_LIFE_MS = 60_000;

/** Whoever drafted the invitation asks for no longer than 30 s; then nobody does any more, and it is asked once again. */
export const DRAFT_ASKED_MS = 32_000;

/** Builds and signs an invitation, checks that we may send it, and keeps it until the invitee's server has signed. */
export function draftInvite(ctx: RoomContext, input: MembershipInput): InviteDraft {
  const { store, rules } = ctx;
  requireLive(store.meta);
  requireOpen(store);
  // The rule for third-party invites would let one who is in the room be invited out of it.
  if (membershipsOf(store, [input.target])[input.target] === 'join') {
    throw forbidden(`${input.target} is in the room already`);
  }
  const pdu = buildEvent(ctx, membershipDraft(input));
  const verdict = checkAuth(rules, pdu, authStateOf(store, { pos: store.stream.head(), group: null }));
  if (!verdict.ok) throw forbidden(`You may not invite ${input.target}: ${describeDenied(verdict.reason)}`);
  const json = canonicalJson(pdu.json);
  store.sagas.put({ kind: 'draft', key: pdu.eventId, step: 'asked', data: json, at: ctx.now });
  return { eventId: pdu.eventId, json, roomVersion: rules.id, inviteRoomState: inviteRoomState(ctx, input.sender) };
}

/** A draft that nobody works on any more, as it is asked again. */
export interface OpenDraft {
  readonly server: ServerName;
  readonly draft: InviteDraft;
  /** When it is dropped (ms). */
  readonly until: number;
}

/** @returns `undefined` for a draft that was committed or dropped; drops one that is too old. */
export function openDraft(ctx: RoomContext, eventId: EventId): OpenDraft | undefined {
  const { store, rules } = ctx;
  const saga = store.sagas.get('draft', eventId);
  if (saga === undefined) return undefined;
  const until = saga.at + DRAFT_LIFE_MS;
  if (store.meta.lifecycle() !== 'live' || ctx.now >= until) {
    dropDraft(ctx, eventId);
    return undefined;
  }
  const { stateKey, sender } = draftOf(ctx, eventId);
  const draft = { eventId, json: saga.data, roomVersion: rules.id, inviteRoomState: inviteRoomState(ctx, sender) };
  return { server: userIdServer(stateKey as UserId), draft, until };
}

/** The invitee's server did not sign: its answer is known, and nobody asks again. */
export function dropDraft({ store }: Pick<RoomContext, 'store'>, eventId: EventId): void {
  store.sagas.remove('draft', eventId);
}

/**
 * Commits a draft with the signatures that the invitee's server added, which the caller has verified. Authorised again,
 * against the state before it and the current state of this moment.
 */
export function commitInvite(ctx: RoomContext, eventId: EventId, signatures: JsonObject): Sent {
  const { store } = ctx;
  const known = store.events.get(eventId);
  if (known?.status === 'accepted') return { eventId, pos: store.stream.head() };
  const pdu = draftOf(ctx, eventId);
  const signed = addSignatures(pdu, signatures);
  if (!signed.ok) throw forbidden('The answer of the other server cannot be added to the invitation');
  const verdict = decide(ctx, { pdu: signed.value, origin: ctx.serverName, provisional: false });
  requirePolicyAsked(verdict, signed.value);
  if (verdict.kind !== 'accepted') throw forbidden('The invitation is not allowed any more');
  store.sagas.remove('draft', eventId);
  return { eventId, pos: store.stream.head() };
}

function draftOf(ctx: RoomContext, eventId: EventId): Pdu {
  const saga = ctx.store.sagas.get('draft', eventId);
  const parsed = saga === undefined ? undefined : parseJson(saga.data);
  if (parsed?.ok !== true || !isJsonObject(parsed.value)) throw notFound('There is no such draft');
  return pduFromStored(ctx.rules, ctx.store.meta.roomId(), eventId, parsed.value);
}
