import { turn } from '../../../src/durable/turn.ts';
import { applyMigrations } from '../../../src/storage/apply-migrations.ts';
import { DeviceRepository } from '../../../src/storage/user-db/device-repository.ts';
import { ProgressRepository } from '../../../src/storage/user-db/progress-repository.ts';
import type { Sql } from '../../../src/storage/sql.ts';
import { SlidingRepository } from '../../../src/storage/user-db/sliding-repository.ts';
import { applyRange, type ShardAnswer, type ShardApply } from '../../../src/user/progress/apply-range.ts';
import { syncPlan, type SyncPlan, type SyncPlanQuery } from '../../../src/user/progress/sync-plan.ts';
import { MemoryTypingBoard } from '../../../src/user/progress/typing-board.ts';
import { commitAnswer, type SlidingAnswer } from '../../../src/user/sliding/commit-answer.ts';
import { noteActivity } from '../../../src/user/sliding/note-activity.ts';
import {
  slidingPlan,
  type GivenPos,
  type SlidingPlan,
  type SlidingQuery,
} from '../../../src/user/sliding/sliding-plan.ts';
import { SimObject, type ObjectWorld } from './sim-object.ts';
import { SqliteStorage } from './sqlite-storage.ts';
import { userMigrations } from './user-migrations.ts';

/** A shard of users, as `src/durable/user` runs it. */
export class SimShard extends SimObject<ProgressRepository> {
  readonly #storage = new SqliteStorage();
  readonly #people = new DeviceRepository(this.#storage.sql as unknown as Sql);
  readonly sliding = new SlidingRepository(this.#storage.sql as unknown as Sql);

  constructor(world: ObjectWorld) {
    super(world);
    applyMigrations(this.#storage.sql as unknown as SqlStorage, userMigrations);
  }

  protected override wake(): ProgressRepository {
    return new ProgressRepository(this.#storage.sql as unknown as Sql);
  }

  applyRange(call: ShardApply): Promise<ShardAnswer> {
    return this.call(() => {
      const { now } = this.world.loop;
      return turn(this.#storage as unknown as DurableObjectStorage, [this.life], { now }, () => this.#apply(call, now));
    });
  }

  #apply(call: ShardApply, now: number): ShardAnswer {
    const before = this.life.cursor(call.roomId);
    const applied = applyRange(this.life, call, now);
    if (applied.kind === 'confirmed' && (before?.pos ?? -1) < call.to) {
      noteActivity(this.sliding, call.roomId, call.activity, this.life.head());
    }
    return applied;
  }

  slidingPlan(query: SlidingQuery): Promise<SlidingPlan> {
    return this.call(() => slidingPlan(this.#stores(), new MemoryTypingBoard(), query));
  }

  slidingCommit(answer: SlidingAnswer): Promise<GivenPos> {
    return this.call(() => {
      const { now } = this.world.loop;
      return turn(this.#storage as unknown as DurableObjectStorage, [this.life], { now }, () =>
        commitAnswer(this.#stores(), answer, now),
      );
    });
  }

  #stores() {
    return { progress: this.life, sliding: this.sliding, people: this.#people };
  }

  /** The end of its world. */
  close(): void {
    this.#storage.close();
  }

  syncPlan(query: SyncPlanQuery): Promise<SyncPlan> {
    return this.call(() => syncPlan(this.life, new MemoryTypingBoard(), query));
  }
}
