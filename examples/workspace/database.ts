import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

const SCHEMA = `
-- Our own people, and whoever else was heard of.
CREATE TABLE IF NOT EXISTS users (
  user_id TEXT PRIMARY KEY, is_ours INTEGER NOT NULL DEFAULT 0,
  presence TEXT NOT NULL DEFAULT 'offline', status TEXT
);
-- What Eyrie told us already, by transaction ID.
CREATE TABLE IF NOT EXISTS transactions (txn_id TEXT PRIMARY KEY, ts INTEGER NOT NULL);
-- The current state of rooms. seq orders what was pushed, so that an older snapshot does not undo it.
CREATE TABLE IF NOT EXISTS state (
  room_id TEXT NOT NULL, type TEXT NOT NULL, state_key TEXT NOT NULL, event_id TEXT, sender TEXT NOT NULL,
  ts INTEGER NOT NULL, content TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (room_id, type, state_key)
);
CREATE INDEX IF NOT EXISTS state_of ON state (type, state_key);
CREATE INDEX IF NOT EXISTS state_by_seq ON state (seq);
CREATE VIEW IF NOT EXISTS members AS SELECT room_id, state_key AS user_id, sender,
  content ->> 'membership' AS membership, content ->> 'displayname' AS name, content ->> 'avatar_url' AS avatar_url,
  content ->> 'reason' AS reason FROM state WHERE type = 'm.room.member';
CREATE TABLE IF NOT EXISTS direct_rooms (room_id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS role_changes (
  id INTEGER PRIMARY KEY, event_id TEXT NOT NULL, room_id TEXT NOT NULL, user_id TEXT NOT NULL, by_user TEXT NOT NULL,
  was TEXT NOT NULL, became TEXT NOT NULL, UNIQUE (event_id, user_id)
);
-- A message of ours has its ID before it has an event ID; the ID is its Matrix transaction ID.
CREATE TABLE IF NOT EXISTS messages (
  id TEXT PRIMARY KEY, room_id TEXT NOT NULL, event_id TEXT UNIQUE, sender TEXT NOT NULL, ts INTEGER NOT NULL,
  content TEXT NOT NULL, thread TEXT, state TEXT NOT NULL, error TEXT, is_deleted INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS messages_of ON messages (room_id, ts);
-- By target, which may come later: history is read while new things arrive.
CREATE TABLE IF NOT EXISTS edits (
  event_id TEXT PRIMARY KEY, target TEXT NOT NULL, sender TEXT NOT NULL, ts INTEGER NOT NULL, content TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS edits_of ON edits (target);
CREATE TABLE IF NOT EXISTS reactions (
  event_id TEXT PRIMARY KEY, target TEXT NOT NULL, sender TEXT NOT NULL, emoji TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS reactions_of ON reactions (target);
CREATE TABLE IF NOT EXISTS deletions (target TEXT PRIMARY KEY, by_user TEXT NOT NULL, reason TEXT);
CREATE TABLE IF NOT EXISTS files (
  message_id TEXT PRIMARY KEY, url TEXT, name TEXT NOT NULL, type TEXT NOT NULL, size INTEGER, state TEXT NOT NULL,
  error TEXT
);
CREATE TABLE IF NOT EXISTS receipts (
  room_id TEXT NOT NULL, user_id TEXT NOT NULL, thread TEXT NOT NULL, event_id TEXT NOT NULL, ts INTEGER NOT NULL,
  PRIMARY KEY (room_id, user_id, thread)
);
CREATE TABLE IF NOT EXISTS typing (room_id TEXT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (room_id, user_id));
CREATE TABLE IF NOT EXISTS notifications (
  user_id TEXT NOT NULL, event_id TEXT NOT NULL, room_id TEXT NOT NULL, PRIMARY KEY (user_id, event_id)
);
-- What is still to be done; see jobs.ts.
CREATE TABLE IF NOT EXISTS jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, lane TEXT NOT NULL, data TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0, next_ts INTEGER NOT NULL DEFAULT 0, error TEXT
);
-- Events that could not be understood: one of them stops nothing.
CREATE TABLE IF NOT EXISTS misfits (event_id TEXT PRIMARY KEY, room_id TEXT, error TEXT NOT NULL);
DELETE FROM typing;
`;

/** The workspace's own SQLite. */
export class Database {
  readonly #sqlite: DatabaseSync;

  constructor(path: string) {
    this.#sqlite = new DatabaseSync(path);
    this.#sqlite.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;');
    this.#sqlite.exec(SCHEMA);
  }

  all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#sqlite.prepare(sql).all(...values) as T[];
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what a query gives is known where it is written
  get<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.#sqlite.prepare(sql).get(...values) as T | undefined;
  }

  /** @returns how many rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#sqlite.prepare(sql).run(...values).changes);
  }

  /** All of it or nothing; may be nested. */
  transaction<T>(act: () => T): T {
    this.#sqlite.exec('SAVEPOINT step');
    try {
      const made = act();
      this.#sqlite.exec('RELEASE step');
      return made;
    } catch (error) {
      this.#sqlite.exec('ROLLBACK TO step; RELEASE step');
      throw error;
    }
  }

  close(): void {
    this.#sqlite.close();
  }
}
