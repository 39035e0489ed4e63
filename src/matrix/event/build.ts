import type { EventId, RoomId, ServerName, UserId } from '../ids/brands.ts';
import type { SigningKey } from '../crypto/ed25519.ts';
import { SourceNumber } from '../json/json-value.ts';
import type { JsonObject, JsonValue } from '../json/json-value.ts';
import type { Result } from '../result.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import { maxEventBytes, parsePdu } from './format.ts';
import type { FormatFault } from './format-fault.ts';
import { contentHash } from './hashes.ts';
import type { Pdu } from './pdu.ts';
import { signatureOf } from './sign.ts';

/** Room for the signatures that others add later: the invited user's server, a policy server, an authorising server. */
const reservedForSignaturesBytes = 1024;

/** The largest event that we make. tuwunel takes at most 65,535 bytes, one less than the specification allows. */
export const maxOwnEventBytes = maxEventBytes - 1 - reservedForSignaturesBytes;

/** Where canonical JSON is not strict. */
const maxLaxDepth = 2n ** 63n - 1n;

/** An event that is still to be hashed, signed and named. */
export interface PduDraft {
  /** Left out for the create event of a room version that makes the room's ID from it. */
  readonly roomId?: RoomId;
  readonly type: string;
  readonly sender: UserId;
  /** Left out for a message event. */
  readonly stateKey?: string;
  readonly content: JsonObject;
  /** At most 20 and 10. */
  readonly prevEvents: readonly EventId[];
  readonly authEvents: readonly EventId[];
  /** The maximum of the parents' depths + 1; cut to what the room version can say. */
  readonly depth: number;
  /** Milliseconds since the epoch. */
  readonly originServerTs: number;
  /** What a redaction names; put where the room version wants it. */
  readonly redacts?: EventId;
  /** For room versions 1 and 2 only, which need it: a `$random:server` of our own. */
  readonly eventId?: EventId;
  /** For room versions 1 and 2 only: the reference hash, in unpadded Base64, of each prev and auth event. */
  readonly referenceHashOf?: (eventId: EventId) => string;
}

/**
 * Makes an event of ours: adds hashes and our signature, and reads the result as every receiver will.
 * @param serverName the server of `draft.sender`.
 * @returns `too-large` above {@link maxOwnEventBytes}, any other fault where the draft is no event of the room version.
 * Source: Server-Server API, "Adding hashes and signatures to outgoing events"; "Event format" of the room version.
 */
export function buildPdu(
  rules: RoomVersionRules,
  draft: PduDraft,
  serverName: ServerName,
  signingKey: SigningKey,
): Result<Pdu, FormatFault> {
  const unhashed = draftJson(rules, draft, serverName);
  const hashed: JsonObject = { ...unhashed, hashes: { sha256: contentHash(unhashed) } };
  const signatures = signatureOf(rules, hashed, serverName, signingKey);
  return parsePdu(rules, { ...hashed, signatures }, maxOwnEventBytes);
}

function draftJson(rules: RoomVersionRules, draft: PduDraft, serverName: ServerName): JsonObject {
  const edges = (ids: readonly EventId[]): readonly JsonValue[] =>
    rules.edgesArePairs ? ids.map((id) => [id, { sha256: draft.referenceHashOf?.(id) ?? '' }]) : ids;
  const { redacts } = draft;
  return {
    ...(rules.eventId === 'sender' && draft.eventId !== undefined ? { event_id: draft.eventId } : {}),
    ...(draft.roomId === undefined ? {} : { room_id: draft.roomId }),
    type: draft.type,
    sender: draft.sender,
    ...(draft.stateKey === undefined ? {} : { state_key: draft.stateKey }),
    content: redacts !== undefined && rules.redactsInContent ? { ...draft.content, redacts } : draft.content,
    ...(redacts === undefined || rules.redactsInContent ? {} : { redacts }),
    prev_events: edges(draft.prevEvents),
    auth_events: edges(draft.authEvents),
    depth: depthOf(rules, draft.depth),
    origin_server_ts: draft.originServerTs,
    // No format names it, but older Rocket.Chat servers refuse an event without it; later versions redact it.
    ...(rules.redaction.topLevel.includes('origin') ? { origin: serverName } : {}),
  };
}

/** Source: Room Versions 1 and 6, "Event format", `depth`: "if the room's depth is already at the limit". */
function depthOf(rules: RoomVersionRules, depth: number): JsonValue {
  if (depth <= Number.MAX_SAFE_INTEGER) return depth;
  if (rules.strictCanonicalJson) return Number.MAX_SAFE_INTEGER;
  const wide = BigInt(depth);
  return new SourceNumber(String(wide > maxLaxDepth ? maxLaxDepth : wide));
}
