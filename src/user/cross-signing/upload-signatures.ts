import { readCrossSigningKey, type CrossSigningKey } from '../../matrix/crypto/cross-signing-key.ts';
import { verifyKeyFromBase64 } from '../../matrix/crypto/ed25519.ts';
import { signedBytes, verifyJson } from '../../matrix/crypto/signed-json.ts';
import { invalidParam, invalidSignature, notFound, tooLarge, MatrixError } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../../matrix/json/json-value.ts';
import { noteDeviceChange, noteSigningKeysChange, type DeviceListStores } from '../device-lists/note-change.ts';
import type { KeyStore } from '../keys/key-store.ts';
import type { KeySignature, SignedKey, SigningKeyStore } from './signing-key-store.ts';
import { readHeld } from './upload-signing-keys.ts';

export interface SignatureUpload {
  readonly userId: UserId;
  /** The keys with their new signatures, as JSON. */
  readonly signed: readonly (SignedKey & { readonly json: string })[];
  /** Master keys of other users, as JSON, as far as they are known. */
  readonly masterKeys: Readonly<Partial<Record<UserId, string>>>;
}

export interface SignatureFailure extends SignedKey {
  readonly errcode: string;
  readonly error: string;
}

interface Stores extends DeviceListStores {
  readonly keys: Pick<KeyStore, 'deviceKeys'>;
  readonly signingKeys: SigningKeyStore;
}

/** Of one user: a client signs each device of theirs, and each user whom they verified, once. */
const MAX_SIGNATURES = 10_000;

/**
 * Keeps signatures of the user's devices by the self-signing key, of their master key by their devices, and of other
 * users' master keys by the user-signing key, each of which has to be right for the key as it is published.
 * @returns what is wrong with the others. Source: Client-Server API, `POST /keys/signatures/upload`.
 */
export function uploadSignatures(stores: Stores, upload: SignatureUpload): readonly SignatureFailure[] {
  const failures: SignatureFailure[] = [];
  const held = readHeld(stores.signingKeys, upload.userId);
  for (const { userId, key, json } of upload.signed) {
    try {
      const given = JSON.parse(json) as JsonObject;
      const made = newSignatures(stores, { ...upload, held }, { userId, key }, given);
      keep(stores, upload.userId, { userId, key }, made);
    } catch (error) {
      if (!(error instanceof MatrixError)) throw error;
      failures.push({ userId, key, errcode: error.errcode, error: error.message });
    }
  }
  return failures;
}

function newSignatures(
  stores: Pick<Stores, 'keys'>,
  { userId, masterKeys, held }: SignatureUpload & { readonly held: ReturnType<typeof readHeld> },
  of: SignedKey,
  given: JsonObject,
): readonly KeySignature[] {
  if (of.userId !== userId) {
    const text = masterKeys[of.userId];
    const master =
      text === undefined ? undefined : readCrossSigningKey(JSON.parse(text) as JsonObject, of.userId, 'master');
    if (master?.ok !== true || master.value.publicKey !== of.key) throw notFound('That user has no such master key');
    requireSame(given, master.value.json);
    return signedWith(given, userId, of, held.get('user_signing'));
  }
  const device = stores.keys.deviceKeys({ userId, deviceId: of.key });
  if (device !== undefined) {
    requireSame(given, JSON.parse(device) as JsonObject);
    return signedWith(given, userId, of, held.get('self_signing'));
  }
  const master = held.get('master');
  if (master?.publicKey !== of.key) throw notFound('You have no such key');
  requireSame(given, master.json);
  return signedByDevices(stores, given, userId, of);
}

/** Whoever signs has to mean the key as others see it. */
function requireSame(given: JsonObject, published: JsonObject): void {
  if (!signedBytes(given).equals(signedBytes(published)))
    throw invalidParam('The key is another than the one published');
}

function signedWith(
  given: JsonObject,
  userId: UserId,
  of: SignedKey,
  key: CrossSigningKey | undefined,
): readonly KeySignature[] {
  if (key === undefined) throw invalidSignature('You have not published the key that signs this one');
  const signature = signaturesIn(given, userId)[key.keyId];
  if (signature === undefined || !verifyJson(given, userId, key.keyId, key.verifyKey)) {
    throw invalidSignature('The signature is missing or wrong');
  }
  return [{ of, keyId: key.keyId, signature }];
}

/** Of the own master key, which was signed by nobody else before. */
function signedByDevices(
  { keys }: Pick<Stores, 'keys'>,
  given: JsonObject,
  userId: UserId,
  of: SignedKey,
): readonly KeySignature[] {
  const made = Object.entries(signaturesIn(given, userId)).filter(([keyId]) => {
    const identity = keys.deviceKeys({ userId, deviceId: keyId.slice(keyId.indexOf(':') + 1) });
    const published = identity === undefined ? undefined : (JSON.parse(identity) as JsonObject)['keys'];
    const publicKey = isJsonObject(published) ? published[keyId] : undefined;
    const key = typeof publicKey === 'string' ? verifyKeyFromBase64(publicKey) : undefined;
    return key !== undefined && verifyJson(given, userId, keyId, key);
  });
  if (made.length === 0) throw invalidSignature('No signature is a right one of one of your devices');
  return made.map(([keyId, signature]) => ({ of, keyId, signature }));
}

function signaturesIn({ signatures }: JsonObject, userId: UserId): Readonly<Record<string, string>> {
  const own = isJsonObject(signatures) ? signatures[userId] : undefined;
  const texts = Object.entries(isJsonObject(own) ? own : {}).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(texts) as Record<string, string>;
}

function keep(stores: Stores, userId: UserId, of: SignedKey, made: readonly KeySignature[]): void {
  const { signingKeys, deviceLists, progress } = stores;
  if (signingKeys.countSignatures(userId) + made.length > MAX_SIGNATURES)
    throw tooLarge('You have signed too many keys');
  for (const signature of made) signingKeys.putSignature(userId, signature);
  // Nobody else sees whom a user has verified.
  if (of.userId !== userId) deviceLists.put({ userId: of.userId, roomIds: undefined, viewer: userId }, progress.take());
  else if (stores.keys.deviceKeys({ userId, deviceId: of.key }) === undefined) noteSigningKeysChange(stores, userId);
  else noteDeviceChange(stores, { userId, deviceId: of.key });
}
