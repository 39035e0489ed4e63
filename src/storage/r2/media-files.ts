import { allow, deny, type Result } from '../../matrix/result.ts';
import type { MediaFiles } from '../../media/ports.ts';

/** The smallest part that R2 takes but for the last; all have to be equal. */
const PART_BYTES = 5 * 1024 * 1024;
const DELETED_AT_ONCE = 1_000;

type TooLarge = { readonly kind: 'too-large' };

/** The bucket of files. */
export function mediaFiles(bucket: R2Bucket): MediaFiles {
  return {
    store: async (key, body, sizeBytes) => {
      const stored = await bucket.put(key, body);
      if (stored?.size === sizeBytes) return;
      await bucket.delete(key);
      throw new Error(`${stored?.size ?? 0} bytes came instead of ${sizeBytes}`);
    },
    storeBytes: async (key, bytes, contentType) => {
      await bucket.put(key, bytes, contentType === undefined ? {} : { httpMetadata: { contentType } });
    },
    describe: async (key) => {
      const object = await bucket.head(key);
      return object === null ? undefined : { sizeBytes: object.size, contentType: object.httpMetadata?.contentType };
    },
    storeChunks: (key, chunks, maxBytes) => storeChunks(bucket, key, chunks, maxBytes),
    read: async (key, range) => {
      const object = await bucket.get(key, range === undefined ? {} : { range });
      return object?.body;
    },
    remove: (key) => bucket.delete(key),
    removeAll: async (prefix) => {
      for (;;) {
        const { objects } = await bucket.list({ prefix, limit: DELETED_AT_ONCE });
        if (objects.length === 0) return;
        await bucket.delete(objects.map(({ key }) => key));
      }
    },
  };
}

/** What is of one part or less is put at once; for more a multipart upload is begun with the second part. */
async function storeChunks(
  bucket: R2Bucket,
  key: string,
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Result<number, TooLarge>> {
  const parts = new Parts(bucket, key);
  try {
    for await (const chunk of chunks) {
      if (parts.sizeBytes + chunk.byteLength > maxBytes) {
        await parts.abort();
        return deny({ kind: 'too-large' });
      }
      await parts.add(chunk);
    }
    await parts.complete();
    return allow(parts.sizeBytes);
  } catch (error) {
    await parts.abort();
    throw error;
  }
}

class Parts {
  sizeBytes = 0;
  readonly #bucket: R2Bucket;
  readonly #key: string;
  readonly #done: R2UploadedPart[] = [];
  #upload: R2MultipartUpload | undefined;
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(bucket: R2Bucket, key: string) {
    this.#bucket = bucket;
    this.#key = key;
  }

  async add(chunk: Uint8Array): Promise<void> {
    let rest = chunk;
    while (this.#heldBytes + rest.byteLength > PART_BYTES) {
      const fits = PART_BYTES - this.#heldBytes;
      this.#hold(rest.subarray(0, fits));
      rest = rest.subarray(fits);
      await this.#send();
    }
    this.#hold(rest);
  }

  async complete(): Promise<void> {
    if (this.#upload === undefined) {
      await this.#bucket.put(this.#key, this.#takeHeld());
      return;
    }
    await this.#send();
    await this.#upload.complete(this.#done);
  }

  async abort(): Promise<void> {
    this.#held = [];
    await this.#upload?.abort().catch(() => undefined);
  }

  #hold(bytes: Uint8Array): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.byteLength;
    this.sizeBytes += bytes.byteLength;
  }

  #takeHeld(): Uint8Array {
    const bytes = Buffer.concat(this.#held, this.#heldBytes);
    this.#held = [];
    this.#heldBytes = 0;
    return bytes;
  }

  async #send(): Promise<void> {
    this.#upload ??= await this.#bucket.createMultipartUpload(this.#key);
    this.#done.push(await this.#upload.uploadPart(this.#done.length + 1, this.#takeHeld()));
  }
}
