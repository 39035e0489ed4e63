import type { ServerName } from '../matrix/ids/brands.ts';
import { splitServerName } from '../matrix/ids/server-name.ts';

/** The runtime settings that say with whom we talk. */
export interface FederationPolicy {
  readonly enabled: boolean;
  /** Exact host names, or `*.x` for every sub-domain of `x`; empty allows all. */
  readonly allowList: readonly string[];
}

export type PolicyRefusal = { readonly kind: 'federation-off' } | { readonly kind: 'not-in-allow-list' };

/**
 * The one place that asks the allow list and the federation switch, for both directions.
 * @returns why we do not talk to `server`, or `undefined`.
 */
export function policyRefusal(policy: FederationPolicy, server: ServerName): PolicyRefusal | undefined {
  if (!policy.enabled) return { kind: 'federation-off' };
  if (policy.allowList.length === 0) return undefined;
  return allowListEntryOf(policy.allowList, server) === undefined ? { kind: 'not-in-allow-list' } : undefined;
}

/** @returns the entry that the server is, or is a sub-domain of. */
export function allowListEntryOf(allowList: readonly string[], server: ServerName): string | undefined {
  const name = server.toLowerCase();
  const host = splitServerName(server).host.toLowerCase();
  return allowList.find((listed) => {
    const entry = listed.toLowerCase();
    // On a label boundary: `evil-example.org` is no sub-domain of `example.org`.
    const isBelow = () => host.endsWith(entry.slice(1)) && host.length >= entry.length;
    return entry.startsWith('*.') ? isBelow() : entry === host || entry === name;
  });
}
