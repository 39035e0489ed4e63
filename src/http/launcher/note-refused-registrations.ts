// PUT /_eyrie/launcher/v1/refused-registrations (the launcher of the embedded server alone)
import { Hono } from 'hono';
import * as v from 'valibot';

import type { RefusedRegistrations } from '../../appservice/ports.ts';
import { jsonBody } from '../middleware/json-body.ts';
import { fromLauncher } from './from-launcher.ts';

const body = v.strictObject({ refused: v.array(v.strictObject({ file: v.string(), reason: v.string() })) });

/** Which registration files were refused at this start, instead of those of before. */
export const noteRefusedRegistrations = (secret: string, refused: RefusedRegistrations) =>
  new Hono().put('/_eyrie/launcher/v1/refused-registrations', fromLauncher(secret), jsonBody(body), async (c) => {
    await refused.replace(c.req.valid('json').refused);
    return c.json({});
  });
