import { createHash } from 'node:crypto';
import { signingKeyFromSeed, verify, verifyKeyFromBase64 } from '../../src/matrix/crypto/ed25519.ts';
import type { SigningKey, VerifyKey } from '../../src/matrix/crypto/ed25519.ts';
import { buildPdu } from '../../src/matrix/event/build.ts';
import { verifyEventSignature } from '../../src/matrix/event/check-signatures.ts';
import { parsePdu } from '../../src/matrix/event/format.ts';
import { contentHashHolds, essentialJson } from '../../src/matrix/event/hashes.ts';
import type { EventId, RoomId, ServerName, UserId } from '../../src/matrix/ids/brands.ts';
import { userIdServer } from '../../src/matrix/ids/user-id.ts';
import { canonicalJson } from '../../src/matrix/json/canonical-json.ts';
import { isJsonObject } from '../../src/matrix/json/json-value.ts';
import type { JsonObject } from '../../src/matrix/json/json-value.ts';
import { parseJson } from '../../src/matrix/json/strict-json.ts';
import { roomVersionRules } from '../../src/matrix/room-versions/versions.ts';

/** The parts of workload W9, as functions that run alike in Node and in workerd and measure no time themselves. */
export interface PduChecks {
  /** Parse, format with reference hash, content hash, redaction, signature. Returns how many PDUs passed. */
  readonly check: () => number;
  /** Canonical JSON of each parsed PDU. Returns how many bytes that made. */
  readonly canonical: () => number;
  /** The signatures alone: nothing that does them one after another can be faster. */
  readonly verify: () => number;
}

interface Sender {
  readonly server: ServerName;
  readonly signingKey: SigningKey;
  readonly verifyKey: VerifyKey;
}

const words = 'the room decides what the destination delivers and nobody waits for the slowest of them'.split(' ');

/** A generator of the same numbers each time (xorshift), so that every run checks the same PDUs. */
function numbers(): (below: number) => number {
  let state = 0x9e3779b9;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function makeSenders(count: number): readonly Sender[] {
  return Array.from({ length: count }, (_, n) => {
    const server = `server-${n}.example.org` as ServerName;
    const signingKey = signingKeyFromSeed('ed25519:a1', createHash('sha256').update(server).digest());
    const verifyKey = verifyKeyFromBase64(signingKey.publicKey);
    if (verifyKey === undefined) throw new Error('no verify key');
    return { server, signingKey, verifyKey };
  });
}

/** Contents as rooms see them: mostly text, much of it encrypted, some memberships and reactions. */
function contentOf(next: (below: number) => number): { type: string; content: JsonObject; isState: boolean } {
  const text = (count: number) => Array.from({ length: count }, () => words[next(words.length)]).join(' ');
  const kind = next(100);
  if (kind < 50) {
    const body = text(5 + next(40));
    const content = { msgtype: 'm.text', body, format: 'org.matrix.custom.html', formatted_body: `<p>${body}</p>` };
    return { type: 'm.room.message', content: { ...content, 'm.mentions': {} }, isState: false };
  }
  if (kind < 80) {
    const ciphertext = createHash('sha512')
      .update(String(next(1e9)))
      .digest('base64')
      .repeat(3 + next(6));
    const content = {
      algorithm: 'm.megolm.v1.aes-sha2',
      ciphertext,
      device_id: 'ABCDEFGHIJ',
      session_id: 's'.repeat(43),
    };
    return { type: 'm.room.encrypted', content: { ...content, sender_key: 'k'.repeat(43) }, isState: false };
  }
  if (kind < 92) {
    const content = {
      membership: 'join',
      displayname: text(2),
      avatar_url: 'mxc://example.org/abcdefghijklmnopqrstuvwx',
    };
    return { type: 'm.room.member', content, isState: true };
  }
  const relation = { rel_type: 'm.annotation', event_id: `$${'r'.repeat(43)}`, key: '👍' };
  return { type: 'm.reaction', content: { 'm.relates_to': relation }, isState: false };
}

/** Makes signed PDUs of room version 11 by 50 servers, as text, and the checks over all of them. */
export function preparePduChecks(count: number): PduChecks {
  const rules = roomVersionRules('11');
  if (rules === undefined) throw new Error('no room version 11');
  const next = numbers();
  const senders = makeSenders(50);
  const keys = new Map(senders.map(({ server, verifyKey }) => [server, verifyKey]));
  const eventId = () =>
    `$${createHash('sha256')
      .update(String(next(1e9)))
      .digest('base64url')}` as EventId;
  const texts = Array.from({ length: count }, (_, n) => {
    const { server, signingKey } = senders[next(senders.length)] ?? raise('no sender');
    const sender = `@user-${next(500)}:${server}` as UserId;
    const { isState, ...event } = contentOf(next);
    const pdu = buildPdu(
      rules,
      {
        ...event,
        ...(isState ? { stateKey: sender } : {}),
        sender,
        roomId: '!abcdefghijklmnopqr:example.org' as RoomId,
        prevEvents: Array.from({ length: 1 + next(2) }, eventId),
        authEvents: Array.from({ length: 3 }, eventId),
        depth: 1000 + n,
        originServerTs: 1_790_000_000_000 + n,
      },
      server,
      signingKey,
    );
    if (!pdu.ok) throw new Error(JSON.stringify(pdu.reason));
    return canonicalJson({ ...pdu.value.json, unsigned: { age: next(100_000) } });
  });

  const parsed = texts.map((text) => objectOf(text));
  const signed = parsed.map((json) => {
    const pdu = parsePdu(rules, json);
    if (!pdu.ok) throw new Error(JSON.stringify(pdu.reason));
    const server = userIdServer(pdu.value.sender);
    const signature = (pdu.value.json.signatures as Record<string, Record<string, string>>)[server]?.['ed25519:a1'];
    return {
      essential: essentialJson(rules, json),
      signature: signature ?? '',
      key: keys.get(server) ?? raise('no key'),
    };
  });

  const checkOne = (text: string): boolean => {
    const pdu = parsePdu(rules, objectOf(text));
    if (!pdu.ok || !contentHashHolds(pdu.value.json)) return false;
    const server = userIdServer(pdu.value.sender);
    const key = keys.get(server);
    return key !== undefined && verifyEventSignature(rules, pdu.value, server, 'ed25519:a1', key);
  };

  return {
    check: () => texts.filter((text) => checkOne(text)).length,
    canonical: () => parsed.reduce((bytes, json) => bytes + canonicalJson(json).length, 0),
    verify: () => signed.filter(({ key, essential, signature }) => verify(key, essential, signature)).length,
  };
}

function objectOf(text: string): JsonObject {
  const json = parseJson(text);
  if (!json.ok || !isJsonObject(json.value)) throw new Error('not a JSON object');
  return json.value;
}

function raise(message: string): never {
  throw new Error(message);
}
