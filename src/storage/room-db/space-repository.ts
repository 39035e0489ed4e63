import type { ServerName } from '../../matrix/ids/brands.ts';
import type { SpaceStore } from '../../room/store.ts';
import type { Sql } from '../sql.ts';

/** The platform stops at 10 GB, and then no local user could write either. Source: contracts, section 9. */
export const fullBytes = 9_000_000_000;

/** Events that tell who fills the room. */
const SAMPLE = 2_000;
/** Calls that the answer is kept for. */
const KEPT_FOR = 1_000;

/** How much of the object's storage is used, and by whom. */
export class SpaceRepository implements SpaceStore {
  readonly #sql: Sql;
  readonly #fullBytes: number;
  #held: { readonly server: ServerName | undefined; left: number } | undefined;

  constructor(sql: Sql, full: number) {
    this.#sql = sql;
    this.#fullBytes = full;
  }

  largestContributor(except: ServerName): ServerName | undefined {
    if (this.#sql.databaseSize < this.#fullBytes) return undefined;
    if (this.#held === undefined || this.#held.left === 0) this.#held = { server: this.#find(except), left: KEPT_FOR };
    this.#held.left -= 1;
    return this.#held.server;
  }

  #find(except: ServerName): ServerName | undefined {
    const [row] = this.#sql
      .exec<{ server: string }>(
        `select substr(sender, instr(sender, ':') + 1) as server
         from (select sender, json from events order by rowid desc limit ?)
         where server <> ? group by server order by sum(length(json)) desc limit 1`,
        SAMPLE,
        except,
      )
      .toArray();
    return row?.server as ServerName | undefined;
  }
}
