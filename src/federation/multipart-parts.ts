/** What stands before a part, between its headers and around it, is read up to this much. */
const MAX_HEADER_BYTES = 16_384;
const MAX_SKIPPED_BYTES = 65_536;
const CRLF = '\r\n';

/** The body is no multipart body, or ends in the middle of one. */
export class MultipartBroken extends Error {}

export interface Part {
  readonly headers: ReadonlyMap<string, string>;
  /** To be read to its end before the next part is asked for. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** The `boundary` of a `Content-Type`, if it is one of a multipart body. Source: RFC 2046, section 5.1. */
export function boundaryOf(contentType: string | null): string | undefined {
  const [, quoted, token] =
    /^multipart\/[^;]+;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s";]{1,70}))/i.exec(contentType ?? '') ?? [];
  return quoted ?? token;
}

/**
 * Takes a multipart body apart while it arrives; holds no more of it than two pieces. Throws {@link MultipartBroken}, and
 * what reading the pieces throws. Source: RFC 2046, section 5.1.
 */
export class MultipartParts {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #delimiter: Buffer;
  /** Begins as if a line ended before the body: the first boundary may stand right at its beginning. */
  #held = Buffer.from(CRLF);
  #isBegun = false;

  constructor(pieces: AsyncIterable<Uint8Array>, boundary: string) {
    this.#pieces = pieces[Symbol.asyncIterator]();
    this.#delimiter = Buffer.from(`${CRLF}--${boundary}`);
  }

  /** The next part, or `undefined` after the last. */
  async next(): Promise<Part | undefined> {
    if (!this.#isBegun) await this.skip({ body: this.#untilDelimiter() });
    this.#isBegun = true;
    const rest = await this.#line(MAX_HEADER_BYTES, 2);
    if (rest.startsWith('--')) return undefined;
    return { headers: await this.#headers(), body: this.#untilDelimiter() };
  }

  /** Reads over a part that is not wanted. */
  async skip({ body }: Pick<Part, 'body'>): Promise<void> {
    let skipped = 0;
    for await (const piece of body) {
      skipped += piece.byteLength;
      if (skipped > MAX_SKIPPED_BYTES) throw new MultipartBroken('a part that should be short is not');
    }
  }

  async #headers(): Promise<ReadonlyMap<string, string>> {
    const headers = new Map<string, string>();
    let left = MAX_HEADER_BYTES;
    for (;;) {
      const line = await this.#line(left, 0);
      if (line === '') return headers;
      left -= line.length;
      const colon = line.indexOf(':');
      if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    }
  }

  /**
   * A line without its end.
   * @param closing how many characters are enough where they are `--`: behind the last boundary nothing has to come.
   */
  async #line(maxBytes: number, closing: number): Promise<string> {
    for (;;) {
      const end = this.#held.indexOf(CRLF);
      if (end >= 0 && end <= maxBytes) {
        const line = this.#held.subarray(0, end).toString('utf8');
        this.#held = this.#held.subarray(end + CRLF.length);
        return line;
      }
      if (closing > 0 && this.#held.subarray(0, closing).toString('latin1') === '--') return '--';
      if (this.#held.byteLength > maxBytes) throw new MultipartBroken('a header is too long');
      await this.#fill();
    }
  }

  async *#untilDelimiter(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const end = this.#held.indexOf(this.#delimiter);
      if (end >= 0) {
        if (end > 0) yield this.#held.subarray(0, end);
        this.#held = this.#held.subarray(end + this.#delimiter.byteLength);
        return;
      }
      // The beginning of the delimiter may be the end of what is here.
      const certain = this.#held.byteLength - this.#delimiter.byteLength + 1;
      if (certain > 0) {
        yield this.#held.subarray(0, certain);
        this.#held = this.#held.subarray(certain);
      }
      await this.#fill();
    }
  }

  async #fill(): Promise<void> {
    const { done, value } = await this.#pieces.next();
    if (done === true) throw new MultipartBroken('it ends before its last boundary');
    this.#held = Buffer.concat([this.#held, value]);
  }
}
