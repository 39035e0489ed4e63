import { Validator } from '@cfworker/json-schema';

import { OPERATIONS } from '../../../src/http/admin/openapi/operations.ts';

const PREFIX = '/_eyrie/admin/v1/';

const patterns = Object.entries(OPERATIONS)
  .map(([name, { answer, shownAs }]) => {
    const [method = '', path = ''] = name.split(' ');
    return {
      method,
      path: new RegExp(`^${(shownAs ?? path).replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`),
      validator: new Validator(answer, '2020-12'),
    };
  })
  // Of two that fit, the one that is spelt out.
  .toSorted((a, b) => Number(a.path.source.includes('[^/]')) - Number(b.path.source.includes('[^/]')));

/** Throws where the admin API answers otherwise than its document says: whatever a test asks of it is compared. */
export function requireAsDocumented(method: string, target: string, status: number, body: unknown): void {
  const [path = ''] = target.split('?');
  if (!path.startsWith(PREFIX) || status !== 200) return;
  const found = patterns.find((each) => each.method === method && each.path.test(path));
  if (found === undefined) throw new Error(`${method} ${path} is not in the OpenAPI document`);
  const { valid, errors } = found.validator.validate(body);
  if (valid) return;
  const faults = errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
  throw new Error(`${method} ${path} is documented otherwise: ${faults.join('; ')} in ${JSON.stringify(body)}`);
}
