import { expect, test } from 'vitest';

import predefined from '../../fixtures/push-rules/predefined.json';
import { defaultRules } from '../../../src/matrix/push-rules/default-rules.ts';
import type { UserId } from '../../../src/matrix/ids/brands.ts';

const alice = '@alice:us.test' as UserId;

/** As the specification prints them, but for the place of the user's ID. */
const ofAlice = JSON.parse(JSON.stringify(predefined).replaceAll("[the user's Matrix ID]", alice)) as typeof predefined;

test('the predefined rules are those of the specification, in its order', () => {
  expect(defaultRules(alice)).toEqual({ ...ofAlice, content: [], room: [], sender: [] });
});
