import { badGateway, type MatrixError } from '../matrix/error.ts';
import type { RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import { canonicalJson } from '../matrix/json/canonical-json.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import { allow, deny, type Result } from '../matrix/result.ts';
import type { RoomVersionRules } from '../matrix/room-versions/rules.ts';
import { roomVersionRules } from '../matrix/room-versions/versions.ts';
import { remoteError } from './invite-user.ts';
import { membershipFromTemplate } from './membership-from-template.ts';
import type { Asker, RoomsDeps } from './ports.ts';
import { returnedJoin } from './returned-join.ts';
import { serversToAsk } from './servers-to-ask.ts';

/**
 * Joins a restricted room that we are in, where none of our users may let anybody in: over a server of one who may. It
 * is in the room then as any event of that server is; what is cut off before that comes with what follows it there.
 * Throws what the last server said that refused, 502 where none could be asked, or `unable` where there is none.
 * Source: Server-Server API, "Restricted rooms".
 */
export async function joinGrantedElsewhere(
  deps: RoomsDeps,
  asker: Asker,
  roomId: RoomId,
  {
    via,
    content,
    unable,
  }: { readonly via: readonly ServerName[]; readonly content: JsonObject; readonly unable: MatrixError },
): Promise<void> {
  const { userId, shard } = asker;
  const granting = await deps.rooms.grantingServers({ roomId, userId, shard });
  const { roomVersion } = await deps.rooms.status({ roomId });
  const rules = roomVersionRules(roomVersion ?? '');
  if (rules === undefined) throw new Error('a room that we are in has a version');
  let failure = unable;
  for (const server of serversToAsk(deps, roomId, [...granting, ...via])) {
    const tried = await joinOverGranting(deps, server, { rules, userId, roomId, content });
    if (tried.ok) return;
    if (failure === unable || failure.status >= 500) failure = tried.reason;
  }
  throw failure;
}

interface GrantedJoin {
  readonly rules: RoomVersionRules;
  readonly userId: UserId;
  readonly roomId: RoomId;
  readonly content: JsonObject;
}

async function joinOverGranting(
  deps: RoomsDeps,
  server: ServerName,
  { rules, userId, roomId, content }: GrantedJoin,
): Promise<Result<void, MatrixError>> {
  const made = await deps.remote.makeJoin(server, { roomId, userId, versions: [rules.id] });
  if (!made.ok) return deny(remoteError(made.reason, server));
  const pdu = await membershipFromTemplate(deps, rules, made.value.event, {
    userId,
    roomId,
    content: { ...content, membership: 'join' },
  });
  if (pdu === undefined) return deny(badGateway(`${server} gave no template of an event`));
  // Its state is ours already.
  const join = { roomId, eventId: pdu.eventId, event: pdu.json, omitMembers: true };
  const sent = await deps.remote.sendJoin(server, join, async () => undefined);
  if (!sent.ok) return deny(remoteError(sent.reason, server));
  const signed = await returnedJoin(deps, rules, pdu, sent.value.event);
  if (signed === undefined) return deny(badGateway(`${server} did not sign the join that it answers for`));
  await deps.receive(server, roomId, { eventId: signed.eventId, json: canonicalJson(signed.json) });
  const held = await deps.rooms.heldMembership({ roomId, userId });
  if (held?.membership !== 'join') throw badGateway(`${server} let the user in, but the room here has not taken it`);
  return allow(undefined);
}
