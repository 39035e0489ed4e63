// What every answer says is compared with the document wherever a test asks (test/support/worker/admin-answer.ts)
import { expect, test } from 'vitest';

import { OPERATIONS } from '../../../../src/http/admin/openapi/operations.ts';
import { ask } from '../../../support/worker/ask.ts';

type Told = { summary: string; parameters: { name: string; in: string }[]; requestBody?: object; 'x-workspace'?: true };

async function theDocument() {
  const { status, body } = await ask('GET', '/_eyrie/admin/v1/openapi.json');
  expect(status).toBe(200);
  return body as { openapi: string; paths: Record<string, Record<string, Told>> };
}

test('the document has every route of the admin API, each with what it is for', async () => {
  const { openapi, paths } = await theDocument();
  expect(openapi).toBe('3.1.0');
  const told = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary }]) => ({ name: `${method.toUpperCase()} ${path}`, summary })),
  );
  const known = Object.entries(OPERATIONS).map(
    ([name, { shownAs }]) =>
      `${name.split(' ')[0]} ${(shownAs ?? name.split(' ')[1] ?? '').replaceAll(/:(\w+)/g, '{$1}')}`,
  );
  expect(told.map(({ name }) => name).toSorted()).toEqual(known.toSorted());
  expect(told.filter(({ summary }) => summary === '')).toEqual([]);
});

test('what a request may say is what checks it', async () => {
  const { paths } = await theDocument();
  const dm = paths['/_eyrie/admin/v1/dm']?.['post'];
  expect(dm?.['x-workspace']).toBe(true);
  expect(dm?.requestBody).toMatchObject({
    content: {
      'application/json': {
        schema: {
          type: 'object',
          required: ['creator', 'members'],
          properties: { members: { type: 'array', minItems: 1, maxItems: 50 }, create: { type: 'boolean' } },
          additionalProperties: false,
        },
      },
    },
  });
  const retry = paths['/_eyrie/admin/v1/rooms/{roomId}/parked/{eventId}/retry']?.['post'];
  expect(retry?.parameters.map(({ name, in: where }) => `${where} ${name}`)).toEqual(['path roomId', 'path eventId']);
  expect(retry?.requestBody).toBeUndefined();
  const silent = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody }]) =>
      method === 'put' && requestBody === undefined ? [path] : [],
    ),
  );
  expect(silent).toEqual(['/_eyrie/admin/v1/media/{serverName}/{mediaId}/quarantine']);
});
