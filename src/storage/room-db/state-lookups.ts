import type { EventId } from '../../matrix/ids/brands.ts';
import type { KeyAt, StateLookups } from '../../room/state-store.ts';
import { askedAtOnce } from '../asked-at-once.ts';
import type { Sql } from '../sql.ts';

const HELD_AT = 'from_pos <= ? and to_pos > ?';

/** Asks the table `state` about many keys in one go. */
export class StateLookupRepository implements StateLookups {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  holders(keys: readonly KeyAt[]): readonly (EventId | undefined)[] {
    return Array.from(askedAtOnce(keys), (some) => this.#holdersOf(some)).flat();
  }

  #holdersOf(keys: readonly KeyAt[]): readonly (EventId | undefined)[] {
    const holders: (EventId | undefined)[] = keys.map(() => undefined);
    const rows = this.#sql.exec<{ nth: number; id: string }>(
      `select asked.key as nth, s.event_id as id from json_each(?) as asked cross join state s
       on s.type = asked.value ->> 0 and s.state_key = asked.value ->> 1
         and s.from_pos <= asked.value ->> 2 and s.to_pos > asked.value ->> 2`,
      JSON.stringify(keys.map(({ type, stateKey, pos }) => [type, stateKey, pos])),
    );
    for (const { nth, id } of rows) holders[nth] = id as EventId;
    return holders;
  }

  besidesMembers(pos: number): readonly EventId[] {
    // In two parts, so that SQLite goes by the key and not through the members.
    return this.#sql
      .exec<{ id: string }>(
        `select event_id as id from state where type < 'm.room.member' and ${HELD_AT}
         union all select event_id from state where type > 'm.room.member' and ${HELD_AT}`,
        pos,
        pos,
        pos,
        pos,
      )
      .toArray()
      .map(({ id }) => id as EventId);
  }
}
