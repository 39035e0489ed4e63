// GET /_matrix/federation/v1/version (Server-Server API, "Server implementation")
import { Hono } from 'hono';

/** That of `package.json`. */
export const SERVER = { name: 'Eyrie', version: '0.1.0' };

/** Open to everybody, also while federation is off. */
export const getVersion = () => new Hono().get('/_matrix/federation/v1/version', (c) => c.json({ server: SERVER }));
