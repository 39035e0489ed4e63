const encoder = new TextEncoder();

/**
 * Text as a stream of bytes that may cross RPC: the next piece is made when the last one was taken, so that no more than
 * a piece is in memory, and none once nobody reads any more.
 */
export function textStream(text: Iterator<string, void>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: 'bytes',
    pull(controller) {
      const next = text.next();
      if (next.done === true) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
    cancel() {
      text.return?.();
    },
  });
}
