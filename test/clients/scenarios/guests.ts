import { createClient, MatrixError } from 'matrix-js-sdk';
import { expect, test } from 'vitest';

import { eyrieAdministrator } from '../../support/node/eyrie-homeserver.ts';
import { JsSdkClient, jsSdk, silent } from '../sdk/js-sdk.ts';
import { PASSWORD, sees, type World } from '../support/world.ts';

/** Who has no account looks in, at an Eyrie, in rooms of the other server. */
export function guests(world: World): void {
  const last = world.software.length - 1;

  test('a guest comes in where guests may, and becomes an ordinary user', async () => {
    const admin = await eyrieAdministrator(world.server(0));
    await admin.request('PUT', '/_eyrie/admin/v1/settings', { settings: { 'registration.guests': true } });
    const host = await world.user({ sdk: jsSdk, server: last }, 'host');
    const access = { type: 'm.room.guest_access', state_key: '', content: { guest_access: 'can_join' } };
    const [open, closed] = [
      await host.createRoom({ preset: 'public_chat', initial_state: [access] }),
      await host.createRoom({ preset: 'public_chat', initial_state: [{ ...access, content: {} }] }),
    ];
    const { clientUrl: baseUrl } = world.server(0);
    const made = await createClient({ baseUrl, logger: silent }).registerGuest();
    const { user_id: userId, device_id: deviceId = '', access_token: accessToken = '' } = made;
    const guest = new JsSdkClient({ baseUrl, userId, deviceId, accessToken }, { isGuest: true });
    await guest.start();
    const via = { viaServers: [world.server(last).serverName] };
    await guest.client.joinRoom(open, via);
    await expect(guest.client.joinRoom(closed, via)).rejects.toMatchObject({ errcode: 'M_GUEST_ACCESS_FORBIDDEN' });
    await guest.sendText(open, 'just looking in');
    await sees('what the guest said', async () =>
      (await host.timeline(open)).some(({ sender, content }) => sender === userId && content['body'] !== undefined),
    );
    const upgrade = {
      username: userId.slice(1).split(':')[0] ?? '',
      password: PASSWORD,
      guest_access_token: accessToken,
    };
    const stage = await guest.client.registerRequest(upgrade).catch((error: unknown) => error);
    if (!(stage instanceof MatrixError)) throw new Error('no stage was asked for');
    const auth = { type: 'm.login.dummy', session: stage.data['session'] as string };
    const { access_token: token = '' } = await guest.client.registerRequest({ ...upgrade, auth });
    const user = createClient({ baseUrl, accessToken: token, logger: silent });
    expect(await user.whoami()).toEqual({ user_id: userId, device_id: expect.any(String) as string, is_guest: false });
    await guest.close();
  });
}
