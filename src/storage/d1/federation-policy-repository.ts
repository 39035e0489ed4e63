import { inArray } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';

import type { FederationPolicy } from '../../federation/policy.ts';
import { settings } from './settings.schema.ts';

/** Reads the settings that say with whom we talk; where they are not set, federation is on and with everybody. */
export function federationPolicyRepository(database: D1Database): () => Promise<FederationPolicy> {
  const db = drizzle(database);
  return async () => {
    const rows = await db
      .select()
      .from(settings)
      .where(inArray(settings.key, ['federation.enabled', 'federation.allow_list']));
    const values = new Map(rows.map(({ key, value }) => [key, JSON.parse(value) as unknown]));
    const allowList = values.get('federation.allow_list') ?? [];
    if (!Array.isArray(allowList) || !allowList.every((entry) => typeof entry === 'string')) {
      throw new Error('the setting federation.allow_list is damaged');
    }
    return { enabled: (values.get('federation.enabled') ?? true) === true, allowList };
  };
}
