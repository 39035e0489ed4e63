import type { Context } from 'hono';

/**
 * The client's address, as far as the platform vouches for it: behind the embedded server's front what the front says
 * (nobody else gets through to us), in a deployment what Cloudflare says. Any other header is the client's own word.
 */
export type ClientAddress = (c: Context) => string | undefined;

export const clientAddress =
  (hasFront: boolean): ClientAddress =>
  (c) =>
    c.req.header(hasFront ? 'eyrie-client-address' : 'cf-connecting-ip');

/** What is counted together: an IPv6 network of one customer (/64), else the address. */
export function addressKey(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  const last = (tail ?? '').split(':').filter((group) => group !== '');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - last.length);
  return [...groups, ...Array.from({ length: zeros }, () => '0'), ...last].slice(0, 4).join(':').toLowerCase();
}
