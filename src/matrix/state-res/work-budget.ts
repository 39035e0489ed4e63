/** Why a resolution has no result: more graph nodes were visited than one turn may. */
export interface TooMuchWork {
  readonly kind: 'too-much-work';
}

/** How many graph nodes one resolution may visit: work is counted, since the clock stands still within a turn. */
export const defaultMaxVisited = 200_000;

/**
 * Counts visited graph nodes. Whoever walks a graph asks `spend` before each node and stops at its first `false`; what
 * it has gathered by then is not complete, and whoever called it looks at `exhausted` before using that.
 */
export class WorkBudget {
  visited = 0;
  readonly max: number;

  /** @param max the number of nodes that may be visited. */
  constructor(max: number) {
    this.max = max;
  }

  get exhausted(): boolean {
    return this.visited > this.max;
  }

  /** @returns whether one more node may be visited. */
  spend(): boolean {
    this.visited += 1;
    return this.visited <= this.max;
  }
}
