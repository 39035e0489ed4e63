import { MatrixError, unavailable } from '../matrix/error.ts';

/** A refusal as it crosses RPC: a thrown MatrixError would arrive without its class and log an uncaught exception. */
export interface Refusal {
  readonly status: number;
  readonly errcode: string;
  readonly message: string;
  readonly extra: Readonly<Record<string, unknown>>;
}

export type RpcResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

/** Inside an object: runs `work` and turns a MatrixError into a refusal. Any other throw goes on, and resets the call. */
export function answer<T>(work: () => T): RpcResult<T> {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    return refuse(error);
  }
}

/** {@link answer} for work that awaits. */
export async function answerAsync<T>(work: () => Promise<T>): Promise<RpcResult<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return refuse(error);
  }
}

function refuse(error: unknown): { readonly ok: false; readonly refusal: Refusal } {
  if (!(error instanceof MatrixError)) throw error;
  const { status, errcode, message, extra } = error;
  return { ok: false, refusal: { status, errcode, message, extra } };
}

interface PlatformError {
  readonly retryable?: boolean;
  readonly overloaded?: boolean;
}

const ATTEMPTS = 3;

/**
 * Outside an object: calls it with a new stub per attempt, repeats only what the platform calls retryable and not
 * overloaded (every mutating call carries an operation ID, so a repeat acts once), and throws refusals as MatrixError.
 * Source: docs of Durable Objects, "Error handling".
 */
export async function callObject<Stub, T>(
  makeStub: () => Stub,
  call: (stub: Stub) => Promise<RpcResult<T>>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const result = await call(makeStub());
      if (result.ok) return result.value;
      const { status, errcode, message, extra } = result.refusal;
      throw new MatrixError(status, errcode, message, extra);
    } catch (error) {
      if (error instanceof MatrixError) throw error;
      const { retryable, overloaded } = error as PlatformError;
      if (overloaded === true) throw unavailable('Overloaded, try again later');
      if (retryable !== true || attempt >= ATTEMPTS) throw error;
    }
  }
}

/**
 * Calls an RPC method by its name. Never `.call` or `.apply`: on a stub every property is a method of the object.
 */
export function callMethod(stub: unknown, method: string, input: object): Promise<RpcResult<unknown>> {
  const answered = (stub as Record<string, (input: object) => Promise<RpcResult<unknown>>>)[method]?.(input);
  if (answered === undefined) throw new Error(`there is no method ${method}`);
  return answered;
}
