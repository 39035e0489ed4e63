import type { UserId } from '../../matrix/ids/brands.ts';
import type { Presence, PresenceState } from '../../user/presence/presence.ts';
import type { PresenceStore } from '../../user/presence/presence-store.ts';
import type { Sql } from '../sql.ts';

interface Row extends Record<string, SqlStorageValue> {
  user_id: string;
  presence: string;
  status_msg: string | null;
  active_ts: number | null;
  active: number;
}

const COLUMNS = 'user_id, presence, status_msg, active_ts, active';

/** The table `presence`. */
export class PresenceRepository implements PresenceStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  get(userId: UserId): Presence | undefined {
    const [row] = this.#sql.exec<Row>(`select ${COLUMNS} from presence where user_id = ?`, userId).toArray();
    return row === undefined ? undefined : read(row);
  }

  put({ userId, presence, statusMsg, activeTs, currentlyActive }: Presence): void {
    this.#sql.exec(
      `insert or replace into presence (${COLUMNS}) values (?, ?, ?, ?, ?)`,
      userId,
      presence,
      statusMsg ?? null,
      activeTs ?? null,
      currentlyActive ? 1 : 0,
    );
  }

  remove(userId: UserId): void {
    this.#sql.exec('delete from presence where user_id = ?', userId);
  }

  present(): readonly Presence[] {
    return this.#sql.exec<Row>(`select ${COLUMNS} from presence where presence != 'offline'`).toArray().map(read);
  }
}

function read(row: Row): Presence {
  return {
    userId: row.user_id as UserId,
    presence: row.presence as PresenceState,
    currentlyActive: row.active === 1,
    ...(row.status_msg === null ? {} : { statusMsg: row.status_msg }),
    ...(row.active_ts === null ? {} : { activeTs: row.active_ts }),
  };
}
