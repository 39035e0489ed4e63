import { exports } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import page from '../../../../docs/conformance.md?raw';
import operations from '../../../fixtures/client-operations.json';

const worker = exports as unknown as { default: Fetcher };

/** The rows of the page: `| operation | method and path | served |`, by operation. */
const rows = new Map(
  [...page.matchAll(/^\| `(\w+)`\s*\| `([A-Z]+ \/[^`]*)`\s*\| (.*?)\s*\|$/gm)].map(
    ([, operation = '', route = '', served = '']) => [operation, { route, served }] as const,
  ),
);

/** Whether the Worker has a route for it: asked without a token, which most answer with 401. */
async function isServed(route: string): Promise<boolean> {
  const [method = '', path = ''] = route.split(' ');
  const response = await worker.default.fetch(`https://us.test${path.replaceAll(/\{[^}]*\}/g, 'x')}`, {
    method,
    ...(method === 'GET' ? {} : { body: '{}' }),
  });
  return !(await response.text()).includes('"M_UNRECOGNIZED"');
}

test('the page on conformance has every operation of the client-server API, and no other', () => {
  const said = Object.fromEntries([...rows].map(([operation, { route }]) => [operation, route]));
  expect(said).toEqual(
    Object.fromEntries(operations.map(({ operationId, method, path }) => [operationId, `${method} ${path}`])),
  );
});

test.each([...rows])('%s is served as the page on conformance says', async (_operation, { route, served }) => {
  expect({ route, served: await isServed(route) }).toEqual({ route, served: /^(?:Yes$|Only )/.test(served) });
});

test('the page on conformance says of every operation that is not served why', () => {
  const bare = [...rows].filter(([, { served }]) => served !== 'Yes' && !/^(?:No|Not yet|Only .*): ?\S/.test(served));
  expect(bare).toEqual([]);
});
