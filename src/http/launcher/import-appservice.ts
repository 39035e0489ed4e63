// PUT /_eyrie/launcher/v1/appservices (the launcher of the embedded server alone)
import { Hono } from 'hono';

import { importRegistration, type AdministerDeps } from '../../appservice/administer.ts';
import { badJson } from '../../matrix/error.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { readJson } from '../middleware/json-body.ts';
import { fromLauncher } from './from-launcher.ts';

/** Takes a registration from a file. */
export const importAppservice = (secret: string, administer: AdministerDeps) =>
  new Hono().put('/_eyrie/launcher/v1/appservices', fromLauncher(secret), async (c) => {
    const body = await readJson(c.req.raw);
    if (!isJsonObject(body)) throw badJson('The registration is no object');
    await importRegistration(administer, body);
    return c.json({});
  });
