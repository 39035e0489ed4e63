// GET /_matrix/client/v3/pushrules/ and global/, and GET, PUT and DELETE of rules below it (Client-Server API, "Push Rules")
import { Hono } from 'hono';
import * as v from 'valibot';

import { invalidParam, missingParam, notFound } from '../../matrix/error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { plainJson } from '../../matrix/json/plain-json.ts';
import type { PushRuleChange, PushRuleInput } from '../../matrix/push-rules/change-rules.ts';
import { ruleKinds, type PushAction, type PushRule, type RuleKind } from '../../matrix/push-rules/ruleset.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import type { Requester } from './from-user.ts';
import { JsonObjectSchema } from '../json-object-schema.ts';

const ALL = '/_matrix/client/v3/pushrules';
const RULE = `${ALL}/global/:kind/:ruleId`;

const Actions = v.array(v.custom<PushAction>((item) => typeof item === 'string' || isJsonObject(item as JsonValue)));
const RuleBody = v.object({
  actions: Actions,
  conditions: v.optional(v.array(JsonObjectSchema)),
  pattern: v.optional(v.string()),
});

type Deps = Pick<AccountRouteDeps, 'requireUser' | 'shards'>;

/** The slash at the end is the specification's; without it the same is meant. */
export const pushRules = (deps: Deps) => {
  const { requireUser, shards } = deps;
  const rulesOf = ({ shard, userId }: Requester) => shards(shard).pushRules({ userId });
  const app = new Hono();
  for (const path of [ALL, `${ALL}/`]) {
    app.get(path, requireUser, async (c) => c.json({ global: await rulesOf(c.var.requester) }));
  }
  for (const path of [`${ALL}/global`, `${ALL}/global/`]) {
    app.get(path, requireUser, async (c) => c.json(await rulesOf(c.var.requester)));
  }
  return app.route('/', wholeRule(deps)).route('/', fieldsOfRule(deps));
};

const wholeRule = (deps: Deps) =>
  new Hono()
    .get(RULE, deps.requireUser, async (c) => c.json(await ruleOf(deps, c.var.requester, c.req.param())))
    .put(RULE, deps.requireUser, jsonBody(RuleBody), async (c) => {
      const { kind, ruleId } = placeOf(c.req.param());
      if (/[/\\]/.test(ruleId)) throw invalidParam('The ID of a rule has no slash');
      const rule = inputOf(kind, c.req.valid('json'), c.req.query());
      await change(deps, c.var.requester, { kind, ruleId, change: { what: 'put', rule } });
      return c.json({});
    })
    .delete(RULE, deps.requireUser, async (c) => {
      await change(deps, c.var.requester, { ...placeOf(c.req.param()), change: { what: 'remove' } });
      return c.json({});
    });

const fieldsOfRule = (deps: Deps) =>
  new Hono()
    .get(`${RULE}/enabled`, deps.requireUser, async (c) => {
      const { enabled } = await ruleOf(deps, c.var.requester, c.req.param());
      return c.json({ enabled });
    })
    .put(`${RULE}/enabled`, deps.requireUser, jsonBody(v.object({ enabled: v.boolean() })), async (c) => {
      const { enabled } = c.req.valid('json');
      await change(deps, c.var.requester, { ...placeOf(c.req.param()), change: { what: 'set', fields: { enabled } } });
      return c.json({});
    })
    .get(`${RULE}/actions`, deps.requireUser, async (c) => {
      const { actions } = await ruleOf(deps, c.var.requester, c.req.param());
      return c.json({ actions });
    })
    .put(`${RULE}/actions`, deps.requireUser, jsonBody(v.object({ actions: Actions })), async (c) => {
      const actions = plainJson(c.req.valid('json').actions);
      await change(deps, c.var.requester, { ...placeOf(c.req.param()), change: { what: 'set', fields: { actions } } });
      return c.json({});
    });

interface Place {
  readonly kind: RuleKind;
  readonly ruleId: string;
}

function placeOf({ kind, ruleId }: { readonly kind: string; readonly ruleId: string }): Place {
  const known = ruleKinds.find((name) => name === kind);
  if (known === undefined) throw invalidParam('There is no such kind of push rule');
  return { kind: known, ruleId };
}

async function ruleOf(
  deps: Deps,
  { userId, shard }: Requester,
  params: { kind: string; ruleId: string },
): Promise<PushRule> {
  const { kind, ruleId } = placeOf(params);
  const rule = (await deps.shards(shard).pushRules({ userId }))[kind].find(({ rule_id: id }) => id === ruleId);
  if (rule === undefined) throw notFound('The push rule was not found');
  return rule;
}

async function change(deps: Deps, { userId, shard }: Requester, asked: PushRuleChange): Promise<void> {
  await deps.shards(shard).changePushRules({ userId, ...asked });
}

/** Only what rules of the kind have. */
function inputOf(
  kind: RuleKind,
  { actions, conditions = [], pattern }: v.InferOutput<typeof RuleBody>,
  { before, after }: Record<string, string>,
): PushRuleInput {
  if (kind === 'content' && pattern === undefined) throw missingParam('Missing: pattern');
  return {
    actions: plainJson(actions),
    ...(kind === 'override' || kind === 'underride'
      ? { conditions: plainJson<readonly JsonObject[]>(conditions) }
      : {}),
    ...(kind === 'content' && pattern !== undefined ? { pattern } : {}),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}
