import type { SigningKeyUsage } from '../../matrix/crypto/cross-signing-key.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { KeySignature, SignedKey, SigningKeyStore } from '../../user/cross-signing/signing-key-store.ts';
import type { Sql } from '../sql.ts';

/** The tables `signing_keys` and `key_signatures`. */
export class SigningKeyRepository implements SigningKeyStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  signingKeys(userId: UserId): Readonly<Partial<Record<SigningKeyUsage, string>>> {
    const rows = this.#sql.exec<{ usage: string; json: string }>(
      'select usage, json from signing_keys where user_id = ?',
      userId,
    );
    return Object.fromEntries(rows.toArray().map(({ usage, json }) => [usage, json]));
  }

  putSigningKey(userId: UserId, usage: SigningKeyUsage, json: string): void {
    this.#sql.exec('insert or replace into signing_keys (user_id, usage, json) values (?, ?, ?)', userId, usage, json);
  }

  removeSigningKey(userId: UserId, usage: SigningKeyUsage): void {
    this.#sql.exec('delete from signing_keys where user_id = ? and usage = ?', userId, usage);
  }

  signatures(by: UserId, of: readonly UserId[]): readonly KeySignature[] {
    return this.#sql
      .exec<{ target_user: string; target_key: string; key_id: string; signature: string }>(
        `select target_user, target_key, key_id, signature from key_signatures
         where user_id = ? and target_user in (select value from json_each(?))`,
        by,
        JSON.stringify(of),
      )
      .toArray()
      .map((row) => ({
        of: { userId: row.target_user as UserId, key: row.target_key },
        keyId: row.key_id,
        signature: row.signature,
      }));
  }

  putSignature(by: UserId, { of, keyId, signature }: KeySignature): void {
    this.#sql.exec(
      `insert or replace into key_signatures (user_id, target_user, target_key, key_id, signature)
       values (?, ?, ?, ?, ?)`,
      by,
      of.userId,
      of.key,
      keyId,
      signature,
    );
  }

  removeSignaturesWith(by: UserId, keyId: string): void {
    this.#sql.exec('delete from key_signatures where user_id = ? and key_id = ?', by, keyId);
  }

  removeSignaturesOf(by: UserId, of: SignedKey): void {
    this.#sql.exec(
      'delete from key_signatures where user_id = ? and target_user = ? and target_key = ?',
      by,
      of.userId,
      of.key,
    );
  }

  countSignatures(by: UserId): number {
    return this.#sql.exec<{ n: number }>('select count(*) as n from key_signatures where user_id = ?', by).one().n;
  }

  removeSigningOf(userId: UserId): void {
    this.#sql.exec('delete from signing_keys where user_id = ?', userId);
    this.#sql.exec('delete from key_signatures where user_id = ?', userId);
  }
}
