import { answer, callObject, type RpcResult } from '../../../src/durable/call.ts';
import type { EventLoop } from './event-loop.ts';
import type { Random } from './random.ts';

/** What the platform throws at the callers of an object that died: the clients repeat such calls. */
class ObjectReset extends Error {
  readonly retryable = true;
}

export interface ObjectWorld {
  readonly loop: EventLoop;
  readonly random: Random;
}

/**
 * A Durable Object, as far as its life goes: calls travel to it and back, and it may die between any two of them. What
 * it keeps in memory is its `Life`; a life that ended does nothing any more.
 */
export abstract class SimObject<Life> {
  protected readonly world: ObjectWorld;
  #life: Life | undefined;

  constructor(world: ObjectWorld) {
    this.world = world;
  }

  protected abstract wake(): Life;

  get life(): Life {
    this.#life ??= this.wake();
    return this.#life;
  }

  isAlive(life: Life): boolean {
    return this.#life === life;
  }

  /** Throws away what is in memory; the next call wakes it on what it has stored. */
  crash(): void {
    this.#life = undefined;
  }

  /** What a life waits for; one that has ended is never told. */
  protected async told<T>(life: () => Life, answered: Promise<T>): Promise<T> {
    const isEnded = () => !this.isAlive(life());
    try {
      const value = await answered;
      return isEnded() ? await new Promise<never>(() => {}) : value;
    } catch (error) {
      if (isEnded()) await new Promise<never>(() => {});
      throw error;
    }
  }

  /** One call, repeated where the object died before it could answer. A refusal is thrown. */
  call<T>(work: () => T): Promise<T> {
    return callObject(
      () => this,
      () => this.#travel(work),
    );
  }

  async #travel<T>(work: () => T): Promise<RpcResult<T>> {
    const { loop, random } = this.world;
    await loop.after(random.below(4));
    const { life } = this;
    const result = answer(work);
    await loop.after(random.below(4));
    if (!this.isAlive(life)) throw new ObjectReset('the object was reset');
    return result;
  }
}
