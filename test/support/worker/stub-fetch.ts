import type { HttpFetch } from '../../../src/federation/http-fetch.ts';

export interface SentRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | undefined;
}

type Answer = Response | Error | 'hang';
type Answerer = Answer | ((request: SentRequest) => Answer | Promise<Answer>);

/** A `fetch` that answers by URL (without query), records what was sent, and refuses connections to all else. */
export function stubFetch(answers: Readonly<Record<string, Answerer>> = {}) {
  const sent: SentRequest[] = [];
  const table = new Map(Object.entries(answers));
  const fetch: HttpFetch = async (url, init) => {
    const body = typeof init.body === 'string' ? init.body : undefined;
    const request = { url, method: init.method ?? 'GET', headers: new Headers(init.headers), body };
    sent.push(request);
    const answerer = table.get(url.split('?')[0] ?? url) ?? new Error('connection refused');
    const answer = typeof answerer === 'function' ? await answerer(request) : answerer;
    if (answer === 'hang') return new Promise<never>(() => undefined);
    if (answer instanceof Error) throw answer;
    return answer.clone();
  };
  return { fetch, sent, answer: (url: string, answerer: Answerer) => table.set(url, answerer) };
}
