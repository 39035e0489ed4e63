import { verifyKeyFromBase64, type VerifyKey } from '../../matrix/crypto/ed25519.ts';
import { verifyEventSignature } from '../../matrix/event/check-signatures.ts';
import { policyKeyId } from '../../matrix/event/policy-signature.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import { parseServerName } from '../../matrix/ids/server-name.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import type { RoomContext } from '../room-context.ts';
import type { RoomStore } from '../store.ts';

/** The server that a room has asked to look at its events before they are sent. */
export interface PolicyServer {
  readonly server: ServerName;
  readonly verifyKey: VerifyKey;
}

/**
 * The room's policy server by its current state; `undefined` where it uses none. One without a user in the room does not
 * count. A key that is none makes the room use one whose signatures nobody can make: it has to be set again.
 * Source: Server-Server API, "Determining if a Policy Server is enabled in a room".
 */
export function policyServerOf({
  state,
  stream,
  events,
}: Pick<RoomStore, 'state' | 'stream' | 'events'>): PolicyServer | undefined {
  const head = stream.head();
  const eventId = state.at('m.room.policy', '', head);
  const content = eventId === undefined ? undefined : events.get(eventId)?.pdu.content;
  const { via, public_keys: keys } = content ?? {};
  if (typeof via !== 'string' || !isJsonObject(keys) || typeof keys['ed25519'] !== 'string') return undefined;
  const server = parseServerName(via);
  const verifyKey = verifyKeyFromBase64(keys['ed25519']);
  if (!server.ok || verifyKey === undefined || !state.serversAt(head).includes(server.value)) return undefined;
  return { server: server.value, verifyKey };
}

/** The event that switches the policy server goes without it: a room must not be locked by a server that is away. */
export const isExempt = ({ type, stateKey }: Pick<Pdu, 'type' | 'stateKey'>): boolean =>
  type === 'm.room.policy' && stateKey === '';

/** Source: Server-Server API, "Validating Policy Server signatures". */
export const isRecommended = (ctx: RoomContext, pdu: Pdu, { server, verifyKey }: PolicyServer): boolean =>
  verifyEventSignature(ctx.rules, pdu, server, policyKeyId, verifyKey);
