// PUT /_eyrie/launcher/v1/appservices (the launcher of the embedded server alone)
import { Hono } from 'hono';

import { importRegistration, type AdministerDeps } from '../../appservice/administer.ts';
import { badJson, unrecognized } from '../../matrix/error.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { sameSecret } from '../middleware/from-front.ts';
import { readJson } from '../middleware/json-body.ts';

/** What the front passes on of clients has no header that begins so. */
const HEADER = 'eyrie-launcher-secret';

/** Takes a registration from a file. For nobody else the route is there. */
export const importAppservice = (secret: string, administer: AdministerDeps) =>
  new Hono().put('/_eyrie/launcher/v1/appservices', async (c) => {
    if (!sameSecret(c.req.header(HEADER) ?? '', secret)) throw unrecognized('Unrecognized request');
    const body = await readJson(c.req.raw);
    if (!isJsonObject(body)) throw badJson('The registration is no object');
    await importRegistration(administer, body);
    return c.json({});
  });
