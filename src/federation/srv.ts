import { resolveSrv } from 'node:dns/promises';

import { withTimeout } from './http-fetch.ts';

export interface SrvRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** Looks up SRV records; an empty list where there are none. Rejects where DNS cannot be asked. */
export type SrvLookup = (name: string) => Promise<readonly SrvRecord[]>;

/** SRV over `node:dns`, which a Worker answers over DNS-over-HTTPS. */
export const dnsSrvLookup: SrvLookup = async (name) => {
  try {
    return await resolveSrv(name);
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
    throw error;
  }
};

/**
 * The records of `_matrix-fed._tcp` or, where that has none, of the deprecated `_matrix._tcp`, preferred first. Both
 * are asked at once, so that a name server that does not answer costs one time-out.
 * @returns an empty list also where DNS could not be asked within `timeoutMs`: the next step is then port 8448.
 * Source: Server-Server API, "Resolving server names", steps 3.3, 3.4, 4 and 5.
 */
export async function findSrvRecords(
  host: string,
  lookup: SrvLookup,
  timeoutMs: number,
): Promise<readonly SrvRecord[]> {
  const ask = (service: string) =>
    withTimeout(timeoutMs, () => lookup(`${service}._tcp.${host}`)).catch((): readonly SrvRecord[] => []);
  const [registered, deprecated] = await Promise.all([ask('_matrix-fed'), ask('_matrix')]);
  const records = registered.length > 0 ? registered : deprecated;
  return records.toSorted((a, b) => a.priority - b.priority || b.weight - a.weight);
}
