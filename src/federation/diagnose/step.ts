/** `not_exercised`: nothing is known of it, so that nobody may take it for good. */
export type StepResult = 'ok' | 'warning' | 'failed' | 'not_exercised';

/** Who looked: the embedded server's launcher sees addresses and certificates, a Worker only whether it was answered. */
export type SeenBy = 'worker' | 'launcher';

/** What one step found, as sentences for an administrator. */
export interface Finding {
  readonly result: StepResult;
  readonly seen: string;
  /** What to do, where it is not good. */
  readonly advice?: string;
  readonly seenBy?: SeenBy;
}

export interface Step extends Finding {
  readonly name: string;
  readonly expected: string;
  readonly seenBy: SeenBy;
  readonly elapsedMs: number;
}

/** The steps of one diagnosis, in the order of their beginning. */
export class Steps {
  readonly all: Step[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A look that fails itself says nothing of the server. */
  async take(name: string, expected: string, look: () => Promise<Finding> | Finding): Promise<StepResult> {
    const begun = this.#now();
    let finding: Finding;
    try {
      finding = await look();
    } catch (error) {
      finding = notExercised(
        `It could not be looked at here: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    this.all.push({ name, expected, seenBy: 'worker', ...finding, elapsedMs: Math.max(0, this.#now() - begun) });
    return finding.result;
  }

  skip(name: string, expected: string, why: string): void {
    this.all.push({ name, expected, result: 'not_exercised', seen: why, seenBy: 'worker', elapsedMs: 0 });
  }

  /** @param expected of each step by its name, in their order. */
  skipAll(expected: Readonly<Record<string, string>>, why: string): void {
    for (const [name, each] of Object.entries(expected)) this.skip(name, each, why);
  }
}

export const ok = (seen: string): Finding => ({ result: 'ok', seen });
export const warning = (seen: string, advice: string): Finding => ({ result: 'warning', seen, advice });
export const failed = (seen: string, advice: string): Finding => ({ result: 'failed', seen, advice });
export const notExercised = (seen: string): Finding => ({ result: 'not_exercised', seen });
