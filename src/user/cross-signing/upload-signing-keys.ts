import {
  readCrossSigningKey,
  type CrossSigningKey,
  type SigningKeyUsage,
} from '../../matrix/crypto/cross-signing-key.ts';
import { signedBytes, verifyJson } from '../../matrix/crypto/signed-json.ts';
import { forbidden, invalidParam, invalidSignature, missingParam } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { DeviceStore } from '../devices/device-store.ts';
import { noteSigningKeysChange, type DeviceListStores } from '../device-lists/note-change.ts';
import type { SigningKeyStore } from './signing-key-store.ts';

export interface SigningKeyUpload {
  readonly userId: UserId;
  /** As JSON. What is left out stays. */
  readonly keys: Readonly<Partial<Record<SigningKeyUsage, string>>>;
  /** Whether the user has shown who they are. */
  readonly isConfirmed: boolean;
}

interface Stores extends DeviceListStores {
  readonly signingKeys: SigningKeyStore;
  readonly people: Pick<DeviceStore, 'device'>;
}

const USAGES = ['master', 'self_signing', 'user_signing'] as const;

/**
 * Publishes cross-signing keys. With another master key those that it has not signed end, and with a key that ends the
 * signatures that were made with it. Throws `M_INVALID_PARAM`, `M_MISSING_PARAM`, `M_INVALID_SIGNATURE`, `M_FORBIDDEN`.
 * @returns whether it is done: whoever changes what is there has to confirm it.
 * Source: Client-Server API, `POST /keys/device_signing/upload`.
 */
export function uploadSigningKeys(stores: Stores, { userId, keys, isConfirmed }: SigningKeyUpload): boolean {
  const held = readHeld(stores.signingKeys, userId);
  const given = readGiven(keys, userId);
  const master = given.get('master') ?? held.get('master');
  if (master === undefined) throw missingParam('There is no master key');
  for (const [usage, key] of given) check(stores, userId, { usage, key, master });
  const changed = [...given].filter(([usage, key]) => !isSame(held.get(usage), key));
  if (changed.length === 0) return true;
  if (held.has('master') && !isConfirmed) return false;
  const hasNewMaster = changed.some(([usage]) => usage === 'master');
  for (const usage of USAGES) {
    const key = given.get(usage);
    const isEnded = key === undefined ? hasNewMaster : !isSame(held.get(usage), key);
    if (isEnded) end(stores.signingKeys, userId, usage, held.get(usage));
    // A key that stays was signed anew by the new master key.
    if (key !== undefined && (isEnded || hasNewMaster))
      stores.signingKeys.putSigningKey(userId, usage, keys[usage] ?? '');
  }
  noteSigningKeysChange(stores, userId);
  return true;
}

type Keys = ReadonlyMap<SigningKeyUsage, CrossSigningKey>;

/** What is kept was checked when it came. */
export function readHeld(store: Pick<SigningKeyStore, 'signingKeys'>, userId: UserId): Keys {
  return readGiven(store.signingKeys(userId), userId);
}

function readGiven(keys: SigningKeyUpload['keys'], userId: UserId): Keys {
  const read = new Map<SigningKeyUsage, CrossSigningKey>();
  for (const usage of USAGES) {
    const text = keys[usage];
    if (text === undefined) continue;
    const key = readCrossSigningKey(JSON.parse(text) as JsonObject, userId, usage);
    if (!key.ok) throw invalidParam(`The ${usage} key is ${key.reason}`);
    read.set(usage, key.value);
  }
  return read;
}

function check(
  { people }: Stores,
  userId: UserId,
  {
    usage,
    key,
    master,
  }: { readonly usage: SigningKeyUsage; readonly key: CrossSigningKey; readonly master: CrossSigningKey },
): void {
  if (usage !== 'master' && !verifyJson(key.json, userId, master.keyId, master.verifyKey)) {
    throw invalidSignature(`The ${usage} key is not signed by the master key`);
  }
  if (people.device(userId, key.publicKey) !== undefined) throw forbidden('One of your devices has the ID of this key');
}

const isSame = (held: CrossSigningKey | undefined, key: CrossSigningKey): boolean =>
  held !== undefined && signedBytes(held.json).equals(signedBytes(key.json));

function end(store: SigningKeyStore, userId: UserId, usage: SigningKeyUsage, key: CrossSigningKey | undefined): void {
  if (key === undefined) return;
  store.removeSigningKey(userId, usage);
  store.removeSignaturesWith(userId, key.keyId);
  store.removeSignaturesOf(userId, { userId, key: key.publicKey });
}
