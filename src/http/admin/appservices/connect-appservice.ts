// POST /_eyrie/admin/v1/appservices/{id}/connect
import { Hono, type Context } from 'hono';
import * as v from 'valibot';

import {
  connectWorkspace,
  type ConnectDeps,
  type Connected,
  type OfferedProfile,
} from '../../../appservice/connect/connect-workspace.ts';
import { registrationFile } from '../../../appservice/connect/registration-file.ts';
import type { JsonObject } from '../../../matrix/json/json-value.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';
import { clientBaseUrl } from '../../well-known/client-base-url.ts';
import { appserviceAnswer } from './appservice-answer.ts';
import { pingAnswer } from './ping-answer.ts';

export interface ConnectAppserviceDeps<Profile extends OfferedProfile = OfferedProfile> {
  readonly requireAdmin: RequireAdmin;
  readonly connect: ConnectDeps<Profile>;
  /** The settings that may be kept. */
  readonly profileKeys: readonly string[];
  readonly isDeployment: boolean;
}

const bodyOf = (keys: readonly string[]) =>
  v.strictObject({
    url: v.nullable(v.string()),
    sender_localpart: v.optional(v.string()),
    exclusive: v.optional(v.boolean(), false),
    renew: v.optional(v.boolean(), false),
    apply_profile: v.optional(v.boolean(), false),
    keep: v.optional(v.array(v.picklist(keys)), []),
  });

/** Connects a workspace in one step, and shows its tokens this once. */
export const connectAppservice = <Profile extends OfferedProfile>({
  requireAdmin,
  connect,
  profileKeys,
  isDeployment,
}: ConnectAppserviceDeps<Profile>) =>
  new Hono().post(
    '/_eyrie/admin/v1/appservices/:id/connect',
    ...requireAdmin,
    jsonBody(bodyOf(profileKeys)),
    async (c) => {
      const body = c.req.valid('json');
      const connected = await connectWorkspace(connect, c.var.requester.userId, {
        id: c.req.param('id'),
        url: body.url,
        senderLocalpart: body.sender_localpart,
        exclusive: body.exclusive,
        renew: body.renew,
        applyProfile: body.apply_profile,
        keep: body.keep,
      });
      const { asToken, hsToken, profile, isApplied, refusal } = connected;
      const { id, url, ...rest } = appserviceAnswer(connected.registration);
      const registration = { id, url, as_token: asToken, hs_token: hsToken, ...rest };
      c.header('cache-control', 'no-store');
      return c.json({
        registration,
        registration_yaml: registrationFile(registration as unknown as JsonObject),
        configuration: configurationOf(c, connected, { isDeployment, serverName: connect.administer.serverName }),
        ping: connected.ping === undefined ? null : pingAnswer(connected.ping),
        profile: { ...profile, applied: isApplied, ...(refusal === undefined ? {} : { error: refusal }) },
      });
    },
  );

/** What a workspace has to know, in one place. */
function configurationOf(
  c: Context,
  { registration, asToken, hsToken, sender }: Connected<unknown>,
  { isDeployment, serverName }: { readonly isDeployment: boolean; readonly serverName: string },
) {
  const homeserver = clientBaseUrl(c, isDeployment);
  const { url } = registration;
  return {
    homeserver_url: homeserver,
    server_name: serverName,
    as_token: asToken,
    hs_token: hsToken,
    sender,
    ...(url === undefined
      ? { stream_url: `${homeserver.replace(/^http/, 'ws')}/_eyrie/appservice/v1/stream` }
      : { listens_at: `${url}/_matrix/app/v1` }),
  };
}
