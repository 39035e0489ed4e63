import type { RemoteKeyStore } from '../../federation/key-ring.ts';
import type { PublishedAnswer } from '../../federation/published-answer.ts';
import type { RemoteKey } from '../../federation/server-keys.ts';
import type { Sql } from '../sql.ts';

type Row = { keyId: string; publicKey: string; validUntil: number };

/** The table `verify_keys`, and `key_answer` of `meta`. */
export function keyRepository(sql: Sql): RemoteKeyStore {
  return {
    answer: () => {
      const [row] = sql.exec<{ value: string }>(`select value from meta where key = 'key_answer'`).toArray();
      return row === undefined ? undefined : (JSON.parse(row.value) as PublishedAnswer);
    },
    putAnswer: (answer) => {
      sql.exec(`insert or replace into meta (key, value) values ('key_answer', ?)`, JSON.stringify(answer));
    },
    get: (keyId) =>
      sql
        .exec<Row>(
          'select key_id as keyId, public_key as publicKey, valid_until as validUntil from verify_keys where key_id = ?',
          keyId,
        )
        .toArray()[0],
    put: (keys: readonly RemoteKey[]) => {
      for (const { keyId, publicKey, validUntil } of keys) {
        sql.exec(
          `insert into verify_keys (key_id, public_key, valid_until) values (?, ?, ?)
           on conflict (key_id) do update set public_key = excluded.public_key, valid_until = excluded.valid_until`,
          keyId,
          publicKey,
          validUntil,
        );
      }
    },
  };
}
