import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import type { Env } from '../../../../src/config.ts';
import type { UserId } from '../../../../src/matrix/ids/brands.ts';
import { DeviceRepository } from '../../../../src/storage/user-db/device-repository.ts';
import { noteUse, openSession, refreshSession, sessionOf, tokenHash } from '../../../../src/user/devices/sessions.ts';
import { aLoggedInUser } from '../../../support/worker/ask.ts';

const { USER } = env as unknown as Env;
const HOUR = 3_600_000;
const START = 1_800_000_000_000;
const userId = '@time:eyrie.test' as UserId;

/** A session that can be refreshed, in the tables of a real shard, with a clock of the test's own. */
async function inShard(
  work: (session: {
    store: DeviceRepository;
    refresh: (old: string, next: string, now: number) => void;
    use: (token: string, now: number) => void;
  }) => void,
): Promise<void> {
  const { token } = await aLoggedInUser();
  await runInDurableObject(USER.getByName(token.split('_')[1] ?? ''), (_instance, state) => {
    const store = new DeviceRepository(state.storage.sql);
    const login = {
      userId,
      isAdmin: false,
      isGuest: false,
      deviceId: 'D',
      accessToken: 'access 0',
      refreshToken: 'refresh 0',
    };
    openSession(store, { ...login, expiresTs: START + HOUR }, START);
    work({
      store,
      refresh: (old, next, now) =>
        refreshSession(
          store,
          {
            hash: tokenHash(`refresh ${old}`),
            accessToken: `access ${next}`,
            refreshToken: `refresh ${next}`,
            expiresTs: now + HOUR,
          },
          now,
        ),
      use: (used, now) => {
        sessionOf(store, tokenHash(`access ${used}`), now);
        noteUse(store, tokenHash(`access ${used}`), undefined, now);
      },
    });
  });
}

test('an access token that ran out is softly out', () =>
  inShard(({ use }) => {
    use('0', START + HOUR - 1);
    expect(() => use('0', START + HOUR)).toThrow(expect.objectContaining({ extra: { soft_logout: true } }));
  }));

test('a client that lost the answer redeems again, and the lost pair is void', () =>
  inShard(({ refresh, use }) => {
    refresh('0', '1', START);
    expect(() => refresh('0', '2', START + 4_999)).toThrow(expect.objectContaining({ errcode: 'M_LIMIT_EXCEEDED' }));
    refresh('0', '2', START + 5_000);
    expect(() => use('1', START + 6_000)).toThrow(expect.objectContaining({ errcode: 'M_UNKNOWN_TOKEN' }));
    expect(() => refresh('1', '3', START + 6_000)).toThrow(expect.objectContaining({ errcode: 'M_UNKNOWN_TOKEN' }));
    use('2', START + 6_000);
    expect(() => refresh('0', '3', START + 20_000)).toThrow(expect.objectContaining({ errcode: 'M_UNKNOWN_TOKEN' }));
  }));

test('until a new token is used the old access token stays good; then it is softly out', () =>
  inShard(({ refresh, use }) => {
    refresh('0', '1', START);
    use('0', START + 1_000);
    use('1', START + 2_000);
    expect(() => use('0', START + 3_000)).toThrow(expect.objectContaining({ extra: { soft_logout: true } }));
  }));

test('using the new refresh token ends the old one, too', () =>
  inShard(({ refresh, use }) => {
    refresh('0', '1', START);
    refresh('1', '2', START + 1_000);
    expect(() => refresh('0', '3', START + 60_000)).toThrow(expect.objectContaining({ errcode: 'M_UNKNOWN_TOKEN' }));
    use('2', START + 2_000);
    expect(() => refresh('1', '3', START + 60_000)).toThrow(expect.objectContaining({ errcode: 'M_UNKNOWN_TOKEN' }));
  }));

test('a device that refreshes for months keeps few rows', () =>
  inShard(({ store, refresh, use }) => {
    for (let day = 1; day <= 200; day += 1) {
      refresh(String(day - 1), String(day), START + day * 24 * HOUR);
      use(String(day), START + day * 24 * HOUR + 1);
    }
    const kept = Array.from({ length: 201 }, (_, day) => store.token(tokenHash(`access ${day}`)));
    expect(kept.filter((token) => token !== undefined).length).toBeLessThanOrEqual(3);
    const refreshes = Array.from({ length: 201 }, (_, day) => store.token(tokenHash(`refresh ${day}`)));
    expect(refreshes.filter((token) => token !== undefined)).toHaveLength(1);
  }));
