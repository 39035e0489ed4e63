import type { SigningKeyUsage } from '../../matrix/crypto/cross-signing-key.ts';
import type { UserId } from '../../matrix/ids/brands.ts';

/** A key that is signed: of a device by its ID, a master key by itself. */
export interface SignedKey {
  readonly userId: UserId;
  readonly key: string;
}

export interface KeySignature {
  readonly of: SignedKey;
  readonly keyId: string;
  readonly signature: string;
}

/** Public cross-signing keys of the shard's users, and the signatures that these made. Synchronous. */
export interface SigningKeyStore {
  /** As JSON. */
  signingKeys(userId: UserId): Readonly<Partial<Record<SigningKeyUsage, string>>>;
  putSigningKey(userId: UserId, usage: SigningKeyUsage, json: string): void;
  removeSigningKey(userId: UserId, usage: SigningKeyUsage): void;
  /** Signatures that a user made of keys of these users. */
  signatures(by: UserId, of: readonly UserId[]): readonly KeySignature[];
  putSignature(by: UserId, signature: KeySignature): void;
  /** Those made with one key. */
  removeSignaturesWith(by: UserId, keyId: string): void;
  removeSignaturesOf(by: UserId, of: SignedKey): void;
  countSignatures(by: UserId): number;
  /** Keys and signatures. */
  removeSigningOf(userId: UserId): void;
}
