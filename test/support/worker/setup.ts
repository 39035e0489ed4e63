import { applyD1Migrations, type D1Migration } from 'cloudflare:test';
import { env } from 'cloudflare:workers';

const { DB, MIGRATIONS, SEARCH, SEARCH_MIGRATIONS } = env as unknown as Record<'DB' | 'SEARCH', D1Database> &
  Record<'MIGRATIONS' | 'SEARCH_MIGRATIONS', D1Migration[]>;
await applyD1Migrations(DB, MIGRATIONS);
await applyD1Migrations(SEARCH, SEARCH_MIGRATIONS);
