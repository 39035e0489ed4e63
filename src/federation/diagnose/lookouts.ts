import { resolve4, resolve6 } from 'node:dns/promises';

import { allow, deny } from '../../matrix/result.ts';
import type { ConnectionSight, Lookout, NoAddress } from './ports.ts';

/** What says that a name has no address; anything else says that DNS was not asked. */
const NO_RECORD: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA']);

const codeOf = (error: unknown) => (error as { readonly code?: string }).code ?? String(error);

const noAddress = (code: string) => deny<NoAddress>({ kind: NO_RECORD.has(code) ? 'none' : 'unasked', reason: code });

/** A Worker asks DNS over https, and sees no connection. */
export const deployedLookout: Lookout = {
  addresses: async (host) => {
    const asked = await Promise.allSettled([resolve4(host), resolve6(host)]);
    const found = asked.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
    if (found.length > 0) return allow(found);
    const codes = asked.map((each) => (each.status === 'rejected' ? codeOf(each.reason) : 'ENODATA'));
    return noAddress(codes.find((code) => !NO_RECORD.has(code)) ?? 'ENOTFOUND');
  },
  connection: undefined,
};

/** The embedded server's launcher looks. What it answers is of this project, and not checked. */
export function launcherLookout(ask: (url: string, init: RequestInit) => Promise<Response>): Lookout {
  const look = async <T>(path: string, at: object): Promise<T> => {
    const response = await ask(`http://lookout/${path}`, { method: 'POST', body: JSON.stringify(at) });
    return response.json();
  };
  return {
    addresses: async (host) => {
      const told = await look<{ readonly addresses?: readonly string[]; readonly error?: string }>('addresses', {
        host,
      });
      return told.addresses === undefined ? noAddress(told.error ?? 'unknown') : allow(told.addresses);
    },
    connection: (to) => look<ConnectionSight>('connection', to),
  };
}
