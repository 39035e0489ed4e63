import { describe, expect, test } from 'vitest';

import { isSignedBy } from '../support/core/signed-json.ts';
import { directions, type Side, usePair } from './support/pair.ts';

const pair = usePair();

/** What a server says of its keys. */
interface Published extends Record<string, unknown> {
  readonly server_name: string;
  readonly valid_until_ts: number;
  readonly verify_keys: Readonly<Record<string, { readonly key: string }>>;
}

async function ask(side: Side, method: string, target: string, body?: object) {
  const json = body === undefined ? undefined : JSON.stringify(body);
  const { status, text } = await pair.caller(side).ask({ method, target, body: json });
  return { status, body: JSON.parse(text) as unknown };
}

const keysOf = async (side: Side): Promise<Published> =>
  (await ask(side, 'GET', '/_matrix/key/v2/server')).body as Published;

const answersOf = (body: unknown): readonly Published[] => (body as { server_keys: readonly Published[] }).server_keys;

/** Whether a server's signature is good by the keys that it publishes itself. */
async function hasSignatureOf(side: Side, answer: Published): Promise<boolean> {
  const { server_name: name, verify_keys: keys } = await keysOf(side);
  return isSignedBy(answer, name, keys);
}

describe.each(directions())('$title', ({ host, joiner }) => {
  test.each(['POST', 'GET'] as const)(
    'the host tells the keys of the joiner as a notary, asked by %s',
    async (method) => {
      const name = pair.server(joiner).serverName;
      const minimum = Date.now() + 60_000;
      const target = '/_matrix/key/v2/query';
      const [keyId = ''] = Object.keys((await keysOf(joiner)).verify_keys);
      // Synapse fetches keys of which it is told the ID, and by GET it is not.
      const wanted = { server_keys: { [name]: { [keyId]: { minimum_valid_until_ts: minimum } } } };
      const { status, body } =
        method === 'POST'
          ? await ask(host, 'POST', target, wanted)
          : await ask(host, 'GET', `${target}/${name}?minimum_valid_until_ts=${minimum}`);
      expect(status).toBe(200);
      const [answer] = answersOf(body);
      if (answer === undefined) throw new Error('the notary knows no keys');
      expect(answersOf(body)).toHaveLength(1);
      expect(answer.server_name).toBe(name);
      expect(answer.verify_keys).toEqual((await keysOf(joiner)).verify_keys);
      expect(answer.valid_until_ts).toBeGreaterThan(minimum);
      expect([await hasSignatureOf(host, answer), await hasSignatureOf(joiner, answer)]).toEqual([true, true]);
    },
  );

  // Synapse does not tell its own.
  if (pair.software[host] === 'eyrie') {
    test('the host tells its own keys as a notary, too', async () => {
      const name = pair.server(host).serverName;
      const { body } = await ask(host, 'POST', '/_matrix/key/v2/query', {
        server_keys: { [name]: {} },
      });
      expect(answersOf(body).map(({ verify_keys: keys }) => keys)).toEqual([(await keysOf(host)).verify_keys]);
    });
  }
});

describe.each(['first', 'second'] as const)('the %s server', (side) => {
  test('says whom it gave an OpenID token to, and nothing for other tokens', async () => {
    const alice = await pair.user(side, 'alice');
    const path = `/user/${encodeURIComponent(alice.userId)}/openid/request_token`;
    const token = await alice.request<{ access_token: string; matrix_server_name: string }>('POST', path, {});
    expect(token).toMatchObject({ matrix_server_name: pair.server(side).serverName, token_type: 'Bearer' });
    const userinfo = (text: string) =>
      ask(side, 'GET', `/_matrix/federation/v1/openid/userinfo?access_token=${encodeURIComponent(text)}`);
    expect(await userinfo(token.access_token)).toEqual({ status: 200, body: { sub: alice.userId } });
    for (const other of ['nonsense', alice.accessToken]) expect((await userinfo(other)).status).toBe(401);
  });
});
