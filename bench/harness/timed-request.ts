import { request } from 'node:https';

export interface TimedAnswer {
  readonly status: number;
  readonly text: string;
  /** From the start of the request, the connection included. */
  readonly firstByteMs: number;
  readonly lastByteMs: number;
}

/** One request over a connection of its own. @param asked.ca PEM text of the authority of the server's certificate. */
export function timedRequest(asked: {
  readonly url: string;
  readonly method: string;
  readonly ca: string;
  readonly authorization: string;
  readonly body: string | undefined;
}): Promise<TimedAnswer> {
  const { url, method, ca, authorization, body } = asked;
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const headers = {
      authorization,
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    };
    const sent = request(url, { method, ca, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let firstByteMs = Number.NaN;
      response.on('data', (chunk: Buffer) => {
        if (chunks.length === 0) firstByteMs = performance.now() - start;
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        const lastByteMs = performance.now() - start;
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString('utf8'),
          firstByteMs,
          lastByteMs,
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
