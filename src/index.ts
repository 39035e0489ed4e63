import { Hono } from 'hono';

const app = new Hono();
app.get('/_matrix/client/versions', (c) => c.json({ versions: [] }));
export default app;
