import { toJsonSchema } from '@valibot/to-json-schema';

import { bodySchemaOf } from '../../middleware/json-body.ts';
import { OPERATIONS, type Operation } from './operations.ts';
import { object, text, type Shape } from './shape.ts';

/** A route of the app, with one of its handlers. */
export interface Handled {
  readonly method: string;
  readonly path: string;
  readonly handler: unknown;
}

const PREFIX = '/_eyrie/admin/v1/';

/**
 * The admin API as an OpenAPI document. What a request may say is taken from what checks it; of routes that the table
 * does not have only the path is told, which a test does not let happen.
 */
export function openApiDocument(routes: readonly Handled[], version: string): Shape {
  const bodies = new Map<string, Shape>();
  const known = new Set<string>();
  for (const { method, path, handler } of routes) {
    if (!path.startsWith(PREFIX) || method === 'ALL') continue;
    const name = `${method} ${path}`;
    known.add(name);
    const schema = bodySchemaOf(handler);
    if (schema !== undefined)
      bodies.set(name, toJsonSchema(schema, { errorMode: 'ignore', typeMode: 'input' }) as Shape);
  }
  const paths: Record<string, Record<string, Shape>> = {};
  for (const name of [...known].toSorted()) {
    const [method = '', path = ''] = name.split(' ');
    const shown = OPERATIONS[name]?.shownAs ?? path;
    const templated = shown.replaceAll(/:(\w+)/g, '{$1}');
    paths[templated] = {
      ...paths[templated],
      [method.toLowerCase()]: operation(shown, OPERATIONS[name], bodies.get(name)),
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Eyrie admin API',
      version,
      description:
        'For administrators, by their access token; what is marked with x-workspace also for application services whose registration has eyrie.admin, by their as_token and for their own users and rooms.',
    },
    paths,
    components: {
      securitySchemes: { accessToken: { type: 'http', scheme: 'bearer' } },
      schemas: { Error: { ...object({ errcode: text, error: text }), additionalProperties: true } },
    },
    security: [{ accessToken: [] }],
  };
}

const json = (schema: Shape): Shape => ({ 'application/json': { schema } });

function operation(path: string, told: Operation | undefined, body: Shape | undefined): Shape {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: text }));
  const inQuery = Object.entries(told?.query ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    schema,
  }));
  const given = told?.body ?? body;
  const failure = { description: 'A Matrix error', content: json({ $ref: '#/components/schemas/Error' }) };
  return {
    summary: told?.summary ?? '',
    ...(told?.isForWorkspaces === true ? { 'x-workspace': true } : {}),
    ...(told?.isOpen === true ? { security: [] } : {}),
    parameters: [...inPath, ...inQuery],
    ...(given === undefined ? {} : { requestBody: { required: true, content: json(given) } }),
    responses: { 200: { description: 'Done', content: json(told?.answer ?? {}) }, default: failure },
  };
}
