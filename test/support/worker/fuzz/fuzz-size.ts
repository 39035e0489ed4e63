import { env } from 'cloudflare:workers';

const variables = env as unknown as { readonly EYRIE_TEST_SEED?: string; readonly EYRIE_TEST_REQUESTS?: string };

/** The same requests every time; `EYRIE_TEST_SEED` names others. */
export const fuzzSeed = Number(variables.EYRIE_TEST_SEED ?? '1');

/** How many requests each route gets; `EYRIE_TEST_REQUESTS` asks for more. */
export const fuzzRequests = Number(variables.EYRIE_TEST_REQUESTS ?? '40');
