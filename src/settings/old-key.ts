import { verifyKeyFromBase64 } from '../matrix/crypto/ed25519.ts';
import { eyrieInvalidSetting } from '../matrix/error.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import { allow, deny, type Result } from '../matrix/result.ts';
import { revisionConflict } from './change-settings.ts';
import type { SettingFault } from './check-settings.ts';
import type { ServerIdentity, SettingsStore } from './settings.ts';
import { hasSeed, type OldVerifyKey, type StoredSigningKey } from './signing-key.ts';

/** Others may refuse an answer with very many keys, as we do, and a listed key is never taken out. */
const MAX_LISTED = 100;

const KEY_ID = /^ed25519:[A-Za-z0-9_]{1,64}$/;

/**
 * A key that a server of this name signed with elsewhere, of which only the public part is known: other servers verify old
 * events by it, and nothing is signed with it. Source: Server-Server API, "Publishing Keys", `old_verify_keys`.
 * @param keys every key that we have or know.
 * @returns `undefined` where it is listed so already.
 */
function checkOldKey(
  given: OldVerifyKey,
  keys: readonly StoredSigningKey[],
  now: number,
): Result<OldVerifyKey | undefined, readonly SettingFault[]> {
  const { keyId, publicKey: text, expiredTs } = given;
  const fault = (key: string, code: string, message: string) => ({ key, code, message });
  const verifyKey = verifyKeyFromBase64(text.trim());
  const faults = [
    ...(KEY_ID.test(keyId)
      ? []
      : [fault('key_id', 'bad-key-id', 'This has to be ed25519: and 1 to 64 letters, digits or underscores.')]),
    ...(verifyKey === undefined
      ? [fault('public_key', 'bad-key', 'This has to be the 32 bytes of an Ed25519 public key, in Base64.')]
      : []),
    ...(expiredTs > 0 && expiredTs <= now
      ? []
      : [fault('expired_ts', 'bad-expired-ts', 'This has to be a time that has passed, in milliseconds since 1970.')]),
  ];
  if (verifyKey === undefined || faults.length > 0) return deny(faults);
  const { publicKey } = verifyKey;
  const known = keys.find((key) => key.keyId === keyId);
  if (known !== undefined && (hasSeed(known) || known.publicKey !== publicKey)) {
    const whose = hasSeed(known) ? 'This server has a key with that ID itself' : 'Another key with that ID is listed';
    return deny([fault('key_id', 'key-id-reused', `${whose}, which other servers know.`)]);
  }
  if (known === undefined && keys.filter((key) => !hasSeed(key)).length >= MAX_LISTED) {
    const message = `There are ${MAX_LISTED} listed keys already: other servers may not read an answer with more.`;
    return deny([fault('key_id', 'too-many-keys', message)]);
  }
  return allow(known?.expiredTs === expiredTs ? undefined : { keyId, publicKey, expiredTs });
}

/** What is changed where one is listed. */
export const OLD_KEYS = 'old_verify_keys';

interface ListDeps {
  readonly store: SettingsStore;
  readonly identity: Pick<ServerIdentity, 'keys'>;
  readonly now: () => number;
}

/** Throws `EYRIE_INVALID_SETTING` with every fault, `EYRIE_CONFLICT` where the settings are changed at the same time. */
export async function listOldKey({ store, identity, now }: ListDeps, by: UserId, given: OldVerifyKey) {
  const stored = await store.read();
  const { revision } = stored;
  const checked = checkOldKey(given, await identity.keys(), now());
  if (!checked.ok) throw eyrieInvalidSetting('The key cannot be listed', { errors: checked.reason });
  const oldKey = checked.value;
  if (oldKey === undefined) return { stored, revision, changed: false };
  const detail = JSON.stringify({ [OLD_KEYS]: { listed: oldKey.keyId, expired_ts: oldKey.expiredTs } });
  if (!(await store.write({ revision, rows: [], by, detail, now: now(), oldKey }))) throw revisionConflict(undefined);
  return { stored, revision: revision + 1, changed: true };
}
