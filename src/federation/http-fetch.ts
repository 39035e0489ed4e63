/** The `fetch` that outgoing requests go through; tests pass a stub. Never follows redirects by itself. */
export type HttpFetch = (url: string, init: RequestInit & { redirect: 'manual' }) => Promise<Response>;

export class TimedOut extends Error {}
export class BodyTooLarge extends Error {}

/**
 * Runs `work` with a signal that fires after `timeoutMs`, and rejects with {@link TimedOut} then, whether or not the
 * work heeds the signal.
 */
export async function withTimeout<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new TimedOut(`no answer within ${timeoutMs} ms`));
      controller.abort();
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(controller.signal), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Reads a body whole, whatever its Content-Length claims. Throws {@link BodyTooLarge} beyond `maxBytes`, having read
 * no more than one chunk past it; cancels what it does not read, since an open body holds one of six connections.
 */
export async function readCapped(response: Response, maxBytes: number): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array();
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > maxBytes) {
      await reader.cancel().catch(() => undefined);
      throw new BodyTooLarge(`the answer has more than ${maxBytes} bytes`);
    }
    chunks.push(value);
  }
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

/** Reading a body failed: `cause` says how, {@link TimedOut} and {@link BodyTooLarge} among others. */
export class BodyBroken extends Error {}

/**
 * A body in pieces, as they are asked for. Throws {@link BodyBroken}. A piece must come within `silenceMs` of being asked
 * for, and all of them within `totalMs` of waiting: what the reader does in between is not the sender's time.
 */
export async function* chunksOf(
  response: Response,
  {
    maxBytes,
    silenceMs,
    totalMs = Infinity,
  }: { readonly maxBytes: number; readonly silenceMs: number; readonly totalMs?: number },
): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  let size = 0;
  let leftMs = totalMs;
  try {
    for (;;) {
      const asked = Date.now();
      const { done, value } = await withTimeout(Math.min(silenceMs, leftMs), () => reader.read());
      leftMs = Math.max(0, leftMs - (Date.now() - asked));
      if (done) return;
      size += value.byteLength;
      if (size > maxBytes) throw new BodyTooLarge(`the answer has more than ${maxBytes} bytes`);
      yield value;
    }
  } catch (error) {
    throw new BodyBroken('the body could not be read', { cause: error });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Lets go of a body that nobody will read. */
export async function discardBody(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}

/** Why a request failed, in words for an administrator. */
export function reasonOf(error: unknown): string {
  const told = error instanceof Error ? error.message : String(error);
  return told.startsWith('internal error') ? `the name may not resolve (the platform says only: ${told})` : told;
}
