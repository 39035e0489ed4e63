import { requiredSigners, eventSignatures } from '../../matrix/event/check-signatures.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { RoomVersionRules } from '../../matrix/room-versions/rules.ts';
import type { KeyRing } from '../key-ring.ts';
import { checkFormat } from './check-format.ts';
import { checkHashes } from './check-hashes.ts';
import { checkSignatures, signedBy } from './check-signatures.ts';

/** A request may have six connections open. */
const PARALLEL = 6;

export interface PduCheckerOptions {
  readonly keys: KeyRing;
  /** Resolves when no more keys are waited for; called once for each list of events. */
  readonly late: () => Promise<void>;
}

/**
 * Checks events that a server gave us because we asked for them: checks 1 to 3 of the receipt of a PDU. What fails is
 * left out, and so is what a key cannot be fetched for in time.
 */
export function createPduChecker({ keys, late }: PduCheckerOptions) {
  async function sort(rules: RoomVersionRules, events: readonly JsonObject[], until: Promise<void>) {
    const pdus = events.flatMap((json) => {
      const format = checkFormat(rules, json);
      return format.ok ? [format.value] : [];
    });
    const inTime = keysUntil(keys, until);
    await fetchKeys(inTime, rules, pdus);
    const checked: Pdu[] = [];
    const unverified: { readonly pdu: Pdu; readonly server: ServerName }[] = [];
    for (const pdu of pdus) {
      const signatures = await checkSignatures(inTime, rules, pdu);
      if (signatures.ok) checked.push(checkHashes(rules, pdu).pdu);
      else if (signatures.reason.kind === 'unavailable') unverified.push({ pdu, server: signatures.reason.server });
    }
    return { checked, unverified };
  }

  return {
    sort,

    /** @returns the events that pass, in order; redacted where their content hash does not fit. */
    async check(rules: RoomVersionRules, events: readonly JsonObject[]): Promise<readonly Pdu[]> {
      return (await sort(rules, events, late())).checked;
    },

    async isSignedBy(rules: RoomVersionRules, pdu: Pdu, server: ServerName): Promise<boolean> {
      return (await signedBy(keys, rules, pdu, server)) === 'signed';
    },

    /** Of an event that {@link check} left out: whether for its signatures, or only for a key that is not to be had. */
    async isForged(rules: RoomVersionRules, pdu: Pdu): Promise<boolean> {
      const signatures = await checkSignatures(keysUntil(keys, late()), rules, pdu);
      return !signatures.ok && signatures.reason.kind === 'missing';
    },
  };
}

/** A key ring that answers `unavailable` for what has not come in time. */
export function keysUntil(keys: KeyRing, late: Promise<void>): KeyRing {
  return {
    keyFor: (...query) => Promise.race([keys.keyFor(...query), late.then(() => 'unavailable' as const)]),
  };
}

/** Has the keys of all signers at hand before the events are gone through one by one: several servers at a time. */
async function fetchKeys(keys: KeyRing, rules: RoomVersionRules, pdus: readonly Pdu[]): Promise<void> {
  const wanted = new Map<string, { readonly server: ServerName; readonly keyId: string; validAt: number }>();
  for (const pdu of pdus) {
    for (const server of requiredSigners(rules, pdu).flatMap(({ servers }) => servers)) {
      for (const keyId of eventSignatures(pdu, server)) {
        const name = `${server} ${keyId}`;
        const known = wanted.get(name);
        if (known === undefined) wanted.set(name, { server, keyId, validAt: pdu.originServerTs });
        else known.validAt = Math.max(known.validAt, pdu.originServerTs);
      }
    }
  }
  const queue = [...wanted.values()];
  const work = async () => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      await keys.keyFor(next.server, next.keyId, rules.keyValidityEnforced ? next.validAt : undefined);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
}
