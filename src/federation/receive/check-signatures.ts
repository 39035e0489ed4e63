// Check 2: passes signature checks, otherwise it is dropped.
import { eventSignatures, requiredSigners, verifyEventSignature } from '../../matrix/event/check-signatures.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import { allow, deny, type Result } from '../../matrix/result.ts';
import type { RoomVersionRules } from '../../matrix/room-versions/rules.ts';
import type { KeyRing } from '../key-ring.ts';

/** How many signatures of one server are looked at: each unknown key may cost a request. */
const MAX_SIGNATURES = 5;

/** `unavailable`: a key cannot be fetched now, which is no verdict. */
export type SignatureFault =
  | { readonly kind: 'missing'; readonly servers: readonly ServerName[]; readonly why: string }
  | { readonly kind: 'unavailable'; readonly server: ServerName };

/**
 * Whether every server that has to sign the event did, with a key that was valid when it says it was sent.
 * Source: Server-Server API, "Validating hashes and signatures on received events".
 */
export async function checkSignatures(
  keys: KeyRing,
  rules: RoomVersionRules,
  pdu: Pdu,
): Promise<Result<void, SignatureFault>> {
  for (const { servers, why } of requiredSigners(rules, pdu)) {
    let unavailable: ServerName | undefined;
    let isSigned = false;
    for (const server of servers) {
      const answer = await signedBy(keys, rules, pdu, server);
      if (answer === 'unavailable') unavailable ??= server;
      isSigned ||= answer === 'signed';
    }
    if (isSigned) continue;
    return deny(
      unavailable === undefined ? { kind: 'missing', servers, why } : { kind: 'unavailable', server: unavailable },
    );
  }
  return allow(undefined);
}

/** Whether a server signed the event; `unavailable` where it claims to have and no key could be fetched to tell. */
export async function signedBy(
  keys: KeyRing,
  rules: RoomVersionRules,
  pdu: Pdu,
  server: ServerName,
): Promise<'signed' | 'not-signed' | 'unavailable'> {
  const validAt = rules.keyValidityEnforced ? pdu.originServerTs : undefined;
  let answer: 'not-signed' | 'unavailable' = 'not-signed';
  for (const keyId of eventSignatures(pdu, server).slice(0, MAX_SIGNATURES)) {
    const key = await keys.keyFor(server, keyId, validAt);
    if (key === 'unavailable') answer = 'unavailable';
    else if (key !== 'unknown' && verifyEventSignature(rules, pdu, server, keyId, key)) return 'signed';
  }
  return answer;
}
