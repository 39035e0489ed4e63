import type { IncomingMessage, ServerResponse } from 'node:http';

import { messageRoutes } from './api-messages.ts';
import { peopleRoutes } from './api-people.ts';
import { roomRoutes } from './api-rooms.ts';
import { answer, BadRequest, bytesOf, decoded, jsonOf } from './bodies.ts';
import { type Call, FileAnswer } from './call.ts';
import { Refusal } from './homeserver.ts';
import { wordsOf } from './jobs.ts';
import { asText, type Workspace } from './workspace.ts';

const LARGEST_JSON = 256 * 1024;
const LARGEST_FILE = 50 * 1024 * 1024;

const routes = Object.entries({ ...roomRoutes, ...messageRoutes, ...peopleRoutes }).map(([route, handler]) => {
  const [method = '', pathname = ''] = route.split(' ');
  return { method, pattern: new URLPattern({ pathname }), handler };
});

/** Below `/api/`: for the workspace's own clients. */
export async function serveApi(
  workspace: Workspace,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://workspace');
  for (const { method, pattern, handler } of routes) {
    const found = method === request.method ? pattern.exec(url) : null;
    if (found === null) continue;
    try {
      const call = callOf(workspace, { request, url, groups: found.pathname.groups });
      return send(response, await handler(call));
    } catch (error) {
      return sendError(response, error);
    }
  }
  return answer(response, 404, { error: 'There is no such call.' });
}

function callOf(
  workspace: Workspace,
  { request, url, groups }: { request: IncomingMessage; url: URL; groups: Record<string, string | undefined> },
): Call {
  const name = asText(request.headers['x-workspace-user']) ?? '';
  const me = `@${name}:${workspace.config.domain}`;
  const isKnown = workspace.database.get('SELECT 1 FROM users WHERE user_id = ? AND is_ours', me) !== undefined;
  const isFirst = request.method === 'POST' && url.pathname === '/api/people';
  if (!isKnown && !isFirst)
    throw new BadRequest(401, 'Say who you are in X-Workspace-User, as POST /api/people made it.');
  return {
    workspace,
    me,
    param: (key) => decoded(groups[key] ?? ''),
    query: (key) => url.searchParams.get(key) ?? undefined,
    json: () => jsonOf(request, LARGEST_JSON),
    bytes: () => bytesOf(request, LARGEST_FILE),
    type: request.headers['content-type'] ?? 'application/octet-stream',
  };
}

function send(response: ServerResponse, made: object): void {
  if (!(made instanceof FileAnswer)) return answer(response, 200, made);
  // It may be anything: no browser is to take it for a page of ours.
  response.writeHead(200, {
    'content-type': made.type,
    'content-disposition': 'attachment',
    'content-security-policy': 'sandbox',
    'x-content-type-options': 'nosniff',
  });
  response.end(made.bytes);
}

/** Says why something is refused, in Eyrie's own words where it was Eyrie. */
function sendError(response: ServerResponse, error: unknown): void {
  if (error instanceof BadRequest) return answer(response, error.status, { error: error.message });
  if (error instanceof Refusal) {
    return answer(response, error.status, { errcode: error.errcode, error: error.message, reason: error.reason });
  }
  return answer(response, 502, { error: wordsOf(error) });
}
