import { contentHash, eventIdOf } from '../../../src/matrix/event/hashes.ts';
import { signatureOf } from '../../../src/matrix/event/sign.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { rulesOf } from '../core/rules-of.ts';
import type { TestServer } from '../core/test-keys.ts';
import type { SharedRoom } from '../worker/fuzz/federation-requests.ts';

/** Asks as the peer. */
export type Send = (
  method: string,
  target: string,
  body: string | undefined,
) => Promise<{ status: number; text: string }>;

const federation = '/_matrix/federation';

/** The peer joins a room of the server under test by the handshake. */
export async function joinAsPeer(
  send: Send,
  { roomId, version, peer, userId }: { roomId: string; version: string; peer: TestServer; userId: string },
): Promise<SharedRoom> {
  const rules = rulesOf(version);
  const made = await send(
    'GET',
    `${federation}/v1/make_join/${encodeURIComponent(roomId)}/${userId}?ver=${version}`,
    undefined,
  );
  const { event: template } = JSON.parse(made.text) as { event?: JsonObject };
  if (template === undefined) throw new Error(`the peer may not join: ${made.text}`);
  const named =
    rules.eventId === 'sender' ? { ...template, event_id: `$${crypto.randomUUID()}:${peer.name}` } : template;
  const draft = { ...named, origin_server_ts: Date.now() };
  const hashed = { ...draft, hashes: { sha256: contentHash(draft) } };
  const join = { ...hashed, signatures: signatureOf(rules, hashed, peer.name, peer.signingKey) };
  const eventId = eventIdOf(rules, join);
  if (!eventId.ok) throw new Error('the join has no ID');
  const path = `${encodeURIComponent(roomId)}/${encodeURIComponent(eventId.value)}`;
  const joined = await send('PUT', `${federation}/v2/send_join/${path}`, JSON.stringify(join));
  if (joined.status !== 200) throw new Error(`the peer could not join: ${joined.text}`);
  const edges = template['auth_events'] as readonly (string | readonly [string])[];
  const authEvents = edges.map((edge) => (typeof edge === 'string' ? edge : edge[0]));
  return { roomId, rules, eventIds: [eventId.value, ...authEvents], authEvents };
}
