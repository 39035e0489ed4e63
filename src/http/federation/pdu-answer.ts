/** Each field is JSON text, or a list of JSON texts. */
export type AnswerFields = Readonly<Record<string, string | readonly string[]>>;

const PIECE_CHARACTERS = 65_536;

/**
 * An answer that holds PDUs, which are canonical JSON as it was stored: they are put into the body as they are, and
 * never parsed again. Written piece by piece, since the state of a room may have tens of megabytes.
 */
export const pduAnswer = (fields: AnswerFields): Response => jsonStream(pieces(fields));

/** The same as `[200, {…}]`, a mistake that the first versions of some endpoints keep for compatibility. */
export const pairAnswer = (fields: AnswerFields): Response => jsonStream(pairPieces(fields));

function* pairPieces(fields: AnswerFields): Generator<string, void> {
  yield '[200,';
  yield* pieces(fields);
  yield ']';
}

function* pieces(fields: AnswerFields): Generator<string, void> {
  let separator = '{';
  for (const [name, value] of Object.entries(fields)) {
    yield `${separator}${JSON.stringify(name)}:`;
    separator = ',';
    if (typeof value === 'string') yield value;
    else yield* list(value);
  }
  yield separator === '{' ? '{}' : '}';
}

function* list(items: readonly string[]): Generator<string, void> {
  let separator = '[';
  for (const item of items) {
    yield separator;
    yield item;
    separator = ',';
  }
  yield separator === '[' ? '[]' : ']';
}

function jsonStream(text: Generator<string, void>): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      let piece = '';
      for (let next = text.next(); ; next = text.next()) {
        if (next.done === true) {
          if (piece !== '') controller.enqueue(encoder.encode(piece));
          controller.close();
          return;
        }
        piece += next.value;
        if (piece.length < PIECE_CHARACTERS) continue;
        controller.enqueue(encoder.encode(piece));
        return;
      }
    },
  });
  return new Response(body, { headers: { 'content-type': 'application/json' } });
}
