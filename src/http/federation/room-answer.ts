const HEADERS = { headers: { 'content-type': 'application/json' } };

/** JSON that the room makes while it is read. */
export const roomAnswer = (json: ReadableStream<Uint8Array>): Response => new Response(json, HEADERS);

/** The same as `[200, {…}]`, a mistake that the first versions of some endpoints keep for compatibility. */
export const pairedRoomAnswer = (json: ReadableStream<Uint8Array>): Response => {
  const encoder = new TextEncoder();
  const paired = new TransformStream<Uint8Array, Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode('[200,')),
    flush: (controller) => controller.enqueue(encoder.encode(']')),
  });
  return new Response(json.pipeThrough(paired), HEADERS);
};
