import { configureGlobal } from 'fast-check';

/**
 * Property tests run the same cases every time, so that a failure is the change's own; `EYRIE_TEST_SEED` names others
 * to look for what no change has touched.
 */
configureGlobal({ seed: Number(process.env['EYRIE_TEST_SEED'] ?? '1') });
