// POST /_eyrie/admin/v1/selftest
import { Hono } from 'hono';
import * as v from 'valibot';

import { diagnoseServer } from '../../federation/diagnose/diagnose-server.ts';
import type { DiagnoseDeps } from '../../federation/diagnose/ports.ts';
import type { Step } from '../../federation/diagnose/step.ts';
import { invalidParam } from '../../matrix/error.ts';
import type { RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { parseRoomId } from '../../matrix/ids/room-id.ts';
import { parseServerName } from '../../matrix/ids/server-name.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { RequireAdmin } from '../middleware/require-admin.ts';

const Body = v.object({
  peer: v.optional(v.pipe(v.string(), v.maxLength(255))),
  room_id: v.optional(v.pipe(v.string(), v.maxLength(255))),
});

export interface SelfTestDeps {
  readonly requireAdmin: RequireAdmin;
  /** Of one diagnosis. */
  readonly diagnose: () => DiagnoseDeps;
  /** Pings each application service that has a URL. */
  readonly appservices: () => Promise<readonly Step[]>;
}

/**
 * Why another server, or ours as others see it, cannot be talked to, as steps. With `peer` a join of a room of it, one
 * that it publishes unless `room_id` names another, is prepared for who asks, and not sent.
 */
export const selfTest = ({ requireAdmin, diagnose, appservices }: SelfTestDeps) =>
  new Hono().post('/_eyrie/admin/v1/selftest', ...requireAdmin, jsonBody(Body), async (c) => {
    const { peer, room_id: room } = c.req.valid('json');
    const deps = diagnose();
    const server = peer === undefined ? deps.serverName : serverOf(peer);
    const roomId = room === undefined ? undefined : roomOf(room);
    const { userId } = c.var.requester;
    const steps = [
      ...(await diagnoseServer(deps, { server, userId, roomId })),
      ...(server === deps.serverName ? await appservices() : []),
    ];
    const count = (result: Step['result']) => steps.filter((step) => step.result === result).length;
    return c.json({
      server,
      ok: count('failed') === 0,
      counts: {
        ok: count('ok'),
        warning: count('warning'),
        failed: count('failed'),
        not_exercised: count('not_exercised'),
      },
      steps: steps.map(stepAnswer),
    });
  });

const stepAnswer = ({ name, result, seen, expected, advice, seenBy, elapsedMs }: Step) => ({
  step: name,
  result,
  // What was not exercised is neither.
  ok: result === 'not_exercised' ? null : result !== 'failed',
  seen,
  expected,
  advice: advice ?? null,
  seen_by: seenBy,
  elapsed_ms: elapsedMs,
});

function serverOf(text: string): ServerName {
  const parsed = parseServerName(text);
  if (!parsed.ok) throw invalidParam(`peer is ${parsed.reason}`);
  return parsed.value;
}

function roomOf(text: string): RoomId {
  const parsed = parseRoomId(text);
  if (!parsed.ok) throw invalidParam('room_id is not a room ID');
  return parsed.value;
}
