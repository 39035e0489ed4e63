import { anAdministrator, ask, type Answer } from './ask.ts';

export interface TestAppservice {
  readonly id: string;
  readonly asToken: string;
  readonly hsToken: string;
  /** Every user of its own begins so. */
  readonly prefix: string;
  readonly sender: string;
}

const PATH = '/_eyrie/admin/v1/appservices';

/** A registration that is right, with namespaces of its own. */
export function aRegistration(changes: Readonly<Record<string, unknown>> = {}) {
  const id = `as-${crypto.randomUUID().slice(0, 8)}`;
  return {
    id,
    url: null,
    as_token: `as_token_${crypto.randomUUID()}`,
    hs_token: `hs_token_${crypto.randomUUID()}`,
    sender_localpart: `${id}-bot`,
    namespaces: {
      users: [{ exclusive: true, regex: `@_${id}_.*` }],
      aliases: [{ exclusive: true, regex: `#_${id}_.*` }],
      rooms: [],
    },
    rate_limited: false,
    ...changes,
  };
}

export const putRegistration = (token: string, registration: { readonly id: string }): Promise<Answer> =>
  ask('PUT', `${PATH}/${registration.id}`, { token, body: registration });

/** An application service that is registered. */
export async function anAppservice(changes: Readonly<Record<string, unknown>> = {}): Promise<TestAppservice> {
  const registration = aRegistration(changes);
  const { token } = await anAdministrator();
  const { status, body } = await putRegistration(token, registration);
  if (status !== 200) throw new Error(JSON.stringify(body));
  const { id, as_token: asToken, hs_token: hsToken } = registration;
  return { id, asToken, hsToken, prefix: `_${id}_`, sender: `@${registration.sender_localpart}:eyrie.test` };
}

/** Asks as one of the users of an application service. */
export const askAs = (
  appservice: Pick<TestAppservice, 'asToken'>,
  userId: string | undefined,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> => {
  const query = userId === undefined ? '' : `${path.includes('?') ? '&' : '?'}user_id=${encodeURIComponent(userId)}`;
  return ask(method, `${path}${query}`, { token: appservice.asToken, ...(body === undefined ? {} : { body }) });
};

/** Makes a user of an application service. */
export async function anOwnedUser(appservice: TestAppservice, name = 'user'): Promise<string> {
  const username = `${appservice.prefix}${name}`;
  const { status, body } = await ask('POST', '/_matrix/client/v3/register', {
    token: appservice.asToken,
    body: { type: 'm.login.application_service', username, inhibit_login: true },
  });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return String(body['user_id']);
}
