import { readFileSync } from 'node:fs';

import { turn } from '../../../src/durable/turn.ts';
import { applyMigrations } from '../../../src/storage/apply-migrations.ts';
import { ProgressRepository } from '../../../src/storage/user-db/progress-repository.ts';
import type { Sql } from '../../../src/storage/sql.ts';
import { applyRange, type ShardAnswer, type ShardApply } from '../../../src/user/progress/apply-range.ts';
import { syncPlan, type SyncPlan, type SyncPlanQuery } from '../../../src/user/progress/sync-plan.ts';
import { MemoryTypingBoard } from '../../../src/user/progress/typing-board.ts';
import { SimObject, type ObjectWorld } from './sim-object.ts';
import { SqliteStorage } from './sqlite-storage.ts';

const birth = readFileSync('migrations/user/0000_birth.sql', 'utf8');

/** A shard of users, as `src/durable/user` runs it. */
export class SimShard extends SimObject<ProgressRepository> {
  readonly #storage = new SqliteStorage();

  constructor(world: ObjectWorld) {
    super(world);
    applyMigrations(this.#storage.sql as unknown as SqlStorage, [birth]);
  }

  protected override wake(): ProgressRepository {
    return new ProgressRepository(this.#storage.sql as unknown as Sql);
  }

  applyRange(call: ShardApply): Promise<ShardAnswer> {
    return this.call(() => {
      const { now } = this.world.loop;
      return turn(this.#storage as unknown as DurableObjectStorage, [this.life], { now }, () =>
        applyRange(this.life, call, now),
      );
    });
  }

  /** The end of its world. */
  close(): void {
    this.#storage.close();
  }

  syncPlan(query: SyncPlanQuery): Promise<SyncPlan> {
    return this.call(() => syncPlan(this.life, new MemoryTypingBoard(), query));
  }
}
