import type { Context } from 'hono';

/** The front of the embedded server says with which scheme it was asked; it forwards by plain HTTP. */
const SCHEME_HEADER = 'eyrie-client-scheme';

/** Where clients connect: the address that was asked. */
export function clientBaseUrl(c: Context, isDeployment: boolean): string {
  const { protocol, host } = new URL(c.req.url);
  const scheme = isDeployment ? protocol.slice(0, -1) : (c.req.header(SCHEME_HEADER) ?? 'http');
  return `${scheme}://${host}`;
}
