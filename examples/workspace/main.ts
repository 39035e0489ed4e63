import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { serveApi } from './api.ts';
import { answer, BadRequest } from './bodies.ts';
import { configure } from './config.ts';
import { Database } from './database.ts';
import { defineFetching } from './fetch.ts';
import { Homeserver } from './homeserver.ts';
import { Jobs, wordsOf } from './jobs.ts';
import { servePage } from './page.ts';
import { receive } from './receive.ts';
import { defineSending } from './send.ts';
import { Stream } from './stream.ts';

const config = configuration();
mkdirSync(join(config.data, 'files'), { recursive: true });
const database = new Database(join(config.data, 'workspace.db'));
const jobs = new Jobs(database);
const workspace = { config, database, homeserver: new Homeserver(config), jobs };
defineSending(workspace);
defineFetching(workspace);

const stream = config.isReached ? undefined : new Stream(workspace);

const server = createServer((request, response) => {
  if (request.method === 'GET' && request.url === '/') {
    servePage(response);
    return;
  }
  const serve = (request.url ?? '').startsWith('/_matrix/') ? receive : serveApi;
  serve(workspace, request, response).catch((error: unknown) => {
    console.error(wordsOf(error));
    // A transaction that is not answered with 200 is sent again.
    if (!response.headersSent) answer(response, error instanceof BadRequest ? error.status : 500, { error: 'Failed.' });
  });
});
server.once('error', cannotStart);
server.listen(config.port, '127.0.0.1', () => {
  const { port, registrations } = config;
  const taken = registrations === undefined ? '' : `; its registration is in ${registrations}`;
  console.log(`The workspace is ready at http://127.0.0.1:${port}${taken}`);
  jobs.look();
  stream?.open();
});

function configuration() {
  try {
    return configure(process.argv.slice(2));
  } catch (error) {
    return cannotStart(error);
  }
}

function cannotStart(error: unknown): never {
  console.error(`The workspace cannot start: ${wordsOf(error)}`);
  process.exit(1);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    jobs.stop();
    stream?.stop();
    server.close();
    server.closeAllConnections();
    database.close();
    process.exit(0);
  });
}
