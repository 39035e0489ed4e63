import { createClient, MatrixError, OAuth2 } from 'matrix-js-sdk';
import { expect, onTestFinished, test } from 'vitest';

import { EncryptingClient } from '../sdk/encrypting-js-sdk.ts';
import { JsSdkClient, jsSdk, silent } from '../sdk/js-sdk.ts';
import { FormBrowser } from '../support/form-browser.ts';
import { PASSWORD, sees, type World } from '../support/world.ts';

const CALLBACK = 'https://app.client.example/callback';
const ABOUT_THE_CLIENT = {
  client_name: 'A web client',
  client_uri: 'https://client.example/',
  redirect_uris: [CALLBACK] as [string],
};

/** How people come in and what they do with their accounts, by what matrix-js-sdk has for it. */
export function accounts(world: World): void {
  const anAccount = async (name: string): Promise<JsSdkClient> => {
    const client = await world.user({ sdk: jsSdk, server: 0 }, name);
    if (client instanceof JsSdkClient) return client;
    throw new Error('not of this library');
  };

  /** A client that knows the server's metadata and has registered itself. */
  async function oauthClient(): Promise<OAuth2> {
    const client = createClient({ baseUrl: world.server(0).clientUrl, logger: silent });
    const metadata = await client.getAuthMetadata();
    const clientId = await OAuth2.registerClient(metadata, ABOUT_THE_CLIENT, silent);
    return new OAuth2(metadata, { clientId }, silent);
  }

  const whoami = (accessToken: string) =>
    createClient({ baseUrl: world.server(0).clientUrl, accessToken, logger: silent }).whoami();

  test('somebody signs in by an authorization code on the pages of the server, goes on after a refresh, and out', async () => {
    const { userId } = await anAccount('oauth');
    const oauth = await oauthClient();
    const browser = new FormBrowser();
    const page = await browser.open(await oauth.generateAuthorizationCodeGrantUrl('a state', CALLBACK, 'query'));
    expect(page.text).toContain('Sign in');
    const question = await browser.submit({ action: 'login', username: userId, password: PASSWORD });
    expect(question.text).toContain('A web client');
    const { location = '' } = await browser.submit({ action: 'allow' });
    expect(location).toContain(CALLBACK);
    const { searchParams } = new URL(location);
    expect(searchParams.get('state')).toBe('a state');
    const tokens = await oauth.completeAuthorizationCodeGrant(searchParams.get('code') ?? '', CALLBACK);
    const { deviceId } = oauth.context;
    expect(await whoami(tokens.access_token)).toMatchObject({ user_id: userId, device_id: deviceId });
    const { baseUrl } = (await anAccount('reader')).credentials;
    const session = new JsSdkClient({ baseUrl, userId, deviceId, accessToken: tokens.access_token });
    await session.start();
    const roomId = await session.createRoom({ preset: 'private_chat', name: 'Made over OAuth' });
    await sees('the room', async () => (await session.membership(roomId)) === 'join');
    await session.close();
    const refreshed = await oauth.performRefreshTokenGrant(tokens.refresh_token ?? '');
    expect(await whoami(refreshed.access_token)).toMatchObject({ user_id: userId });
    await oauth.revokeToken(refreshed.access_token, 'access_token');
    await expect(whoami(refreshed.access_token)).rejects.toMatchObject({ errcode: 'M_UNKNOWN_TOKEN' });
  });

  test('somebody makes an account on the pages of the server, and refuses a client', async () => {
    const oauth = await oauthClient();
    const browser = new FormBrowser();
    const url = await oauth.generateAuthorizationCodeGrantUrl('made', CALLBACK, 'query', 'create');
    expect((await browser.open(url)).text).toContain('Create an account');
    const username = `made-${oauth.context.deviceId.toLowerCase()}`;
    const question = await browser.submit({ action: 'register', username, password: PASSWORD });
    expect(question.text).toContain(username);
    const { location = '' } = await browser.submit({ action: 'deny' });
    expect(new URL(location).searchParams.get('error')).toBe('access_denied');
  });

  test('somebody who signed in on the pages replaces their cross-signing keys there', async () => {
    const { userId, credentials } = await anAccount('resetter');
    const oauth = await oauthClient();
    const browser = new FormBrowser();
    await browser.open(await oauth.generateAuthorizationCodeGrantUrl('a state', CALLBACK, 'query'));
    await browser.submit({ action: 'login', username: userId, password: PASSWORD });
    const { searchParams } = new URL((await browser.submit({ action: 'allow' })).location ?? '');
    const tokens = await oauth.completeAuthorizationCodeGrant(searchParams.get('code') ?? '', CALLBACK);
    const { deviceId } = oauth.context;
    const client = new EncryptingClient({ ...credentials, deviceId, accessToken: tokens.access_token }, PASSWORD);
    onTestFinished(() => client.close());
    await client.start();
    await client.crossSign();
    const master = async () => (await client.client.downloadKeysForUsers([userId])).master_keys?.[userId]?.keys;
    const before = await master();
    let shown = '';
    await client.crypto.bootstrapCrossSigning({
      setupNewCrossSigning: true,
      authUploadDeviceSigningKeys: async (request) => {
        const error: unknown = await request(null).catch((refusal: unknown) => refusal);
        if (!(error instanceof MatrixError)) throw new Error('the server asked for no confirmation');
        const { params, session } = error.data as unknown as {
          params: Record<string, { url: string }>;
          session: string;
        };
        await browser.open(params['m.oauth']?.url ?? '');
        shown = (await browser.submit({ action: 'reset' })).text;
        await request({ session });
      },
    });
    expect(shown).toContain('The reset is allowed');
    expect(before).toBeDefined();
    const uploaded = client.line.sentTo('/keys/device_signing/upload').at(-1) as { master_key: { keys: object } };
    expect(await master()).toEqual(uploaded.master_key.keys);
    expect(await master()).not.toEqual(before);
  });

  test('a device without a browser is let in by its code', async () => {
    const { userId } = await anAccount('television');
    const oauth = await oauthClient();
    const session = await oauth.startDeviceAuthorizationGrant();
    const browser = new FormBrowser();
    await browser.open(session.verification_uri_complete ?? session.verification_uri);
    const question = await browser.submit({ action: 'login', username: userId, password: PASSWORD });
    expect(question.text).toContain(session.user_code);
    expect((await browser.submit({ action: 'allow' })).text).toContain('signed in');
    const answer = await oauth.waitForDeviceAuthorizationGrant(session);
    if (!('access_token' in answer)) throw new Error(`no token was given: ${answer.error}`);
    expect(await whoami(answer.access_token)).toMatchObject({ user_id: userId, device_id: oauth.context.deviceId });
  });

  test('a device lets another one in by a login token', async () => {
    const user = await anAccount('two-devices');
    const auth = { type: 'm.login.password', identifier: { type: 'm.id.user', user: user.userId }, password: PASSWORD };
    const { login_token: token } = await user.client.requestLoginToken(auth);
    const fresh = createClient({ baseUrl: user.credentials.baseUrl, logger: silent });
    expect(await fresh.loginRequest({ type: 'm.login.token', token })).toMatchObject({ user_id: user.userId });
    await expect(fresh.loginRequest({ type: 'm.login.token', token })).rejects.toMatchObject({ httpStatus: 403 });
  });

  test('a password is changed, and an account is deactivated, both after they were confirmed', async () => {
    const user = await anAccount('leaver');
    const friend = await anAccount('friend');
    const roomId = await user.createRoom({ preset: 'public_chat' });
    await friend.join(roomId);
    const confirmed = (password: string) => ({
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: user.userId },
      password,
    });
    await expect(user.client.setPassword(confirmed('wrong') as never, 'new one')).rejects.toMatchObject({
      httpStatus: 401,
    });
    await user.client.setPassword(confirmed(PASSWORD) as never, 'new one');
    await expect(jsSdk.login(user.credentials.baseUrl, user.userId, PASSWORD)).rejects.toMatchObject({
      errcode: 'M_FORBIDDEN',
    });
    const again = await jsSdk.login(user.credentials.baseUrl, user.userId, 'new one');
    if (!(again instanceof JsSdkClient)) throw new Error('not of this library');
    await again.client.deactivateAccount(confirmed('new one') as never, true);
    await sees('that the user has left', async () => (await friend.membershipOf(roomId, user.userId)) === 'leave');
    await expect(jsSdk.login(user.credentials.baseUrl, user.userId, 'new one')).rejects.toMatchObject({
      errcode: 'M_USER_DEACTIVATED',
    });
  });
}
