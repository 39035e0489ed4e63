import { describe, expect, test } from 'vitest';

import { parseSettings } from '../../embedded/flags.ts';

describe('without a flag and without a variable', () => {
  test('the defaults hold', () => {
    expect(parseSettings([], {})).toEqual({
      serverName: 'localhost:8448',
      data: './data',
      bind: '127.0.0.1',
      clientPort: 8008,
      federationPort: 8448,
      tls: undefined,
      registration: undefined,
      registrationSharedSecret: undefined,
      allowPrivateAddresses: false,
      rateLimits: true,
      trustedProxy: false,
      passwordCost: 15,
      appservices: undefined,
    });
  });

  test('the server name follows the federation port', () => {
    expect(parseSettings(['--federation-port', '8449'], {}).serverName).toBe('localhost:8449');
  });
});

/** Every flag with its variable, a value, and what comes of it. */
const every = [
  ['server-name', 'EYRIE_SERVER_NAME', 'hs1.example', { serverName: 'hs1.example' }],
  ['data', 'EYRIE_DATA', '/srv/eyrie', { data: '/srv/eyrie' }],
  ['bind', 'EYRIE_BIND', '::1', { bind: '::1' }],
  ['client-port', 'EYRIE_CLIENT_PORT', '18008', { clientPort: 18_008 }],
  ['federation-port', 'EYRIE_FEDERATION_PORT', '18448', { federationPort: 18_448 }],
  ['registration', 'EYRIE_REGISTRATION', 'token', { registration: 'token' }],
  ['registration-shared-secret', 'EYRIE_REGISTRATION_SHARED_SECRET', 's', { registrationSharedSecret: 's' }],
  ['rate-limits', 'EYRIE_RATE_LIMITS', 'off', { rateLimits: false }],
  ['password-cost', 'EYRIE_PASSWORD_COST', '12', { passwordCost: 12 }],
  ['appservices', 'EYRIE_APPSERVICES', '/etc/eyrie/appservices', { appservices: '/etc/eyrie/appservices' }],
] as const;

describe.each(every)('--%s', (flag, variable, value, expected) => {
  test('is taken from the command line', () => {
    expect(parseSettings([`--${flag}`, value], {})).toMatchObject(expected);
    expect(parseSettings([`--${flag}=${value}`], {})).toMatchObject(expected);
  });

  test('is taken from the environment', () => {
    expect(parseSettings([], { [variable]: value })).toMatchObject(expected);
  });

  test('on the command line wins over the environment', () => {
    expect(parseSettings([`--${flag}`, value], { [variable]: 'something else' })).toMatchObject(expected);
  });
});

test.each([
  ['allow-private-addresses', 'EYRIE_ALLOW_PRIVATE_ADDRESSES', { allowPrivateAddresses: true }],
  ['trusted-proxy', 'EYRIE_TRUSTED_PROXY', { trustedProxy: true }],
] as const)('--%s takes no value, its variable on or off', (flag, variable, expected) => {
  expect(parseSettings([`--${flag}`], {})).toMatchObject(expected);
  expect(parseSettings([], { [variable]: 'on' })).toMatchObject(expected);
  expect(parseSettings([], { [variable]: 'off' })).not.toMatchObject(expected);
  expect(parseSettings([`--${flag}`], { [variable]: 'off' })).toMatchObject(expected);
  expect(() => parseSettings([`--${flag}=on`], {})).toThrow(`--${flag} takes no value.`);
});

test('certificate and key are given together', () => {
  const both = ['--tls-cert', 'cert.pem', '--tls-key', 'key.pem'];
  expect(parseSettings(both, {}).tls).toEqual({ cert: 'cert.pem', key: 'key.pem' });
  expect(() => parseSettings(['--tls-cert', 'cert.pem'], {})).toThrow('--tls-cert needs --tls-key beside it.');
  expect(() => parseSettings(['--tls-key', 'key.pem'], {})).toThrow('--tls-key needs --tls-cert beside it.');
  const variables = { EYRIE_TLS_CERT: 'c.pem', EYRIE_TLS_KEY: 'k.pem' };
  expect(parseSettings([], variables).tls).toEqual({ cert: 'c.pem', key: 'k.pem' });
  expect(parseSettings(both, variables).tls).toEqual({ cert: 'cert.pem', key: 'key.pem' });
  expect(() => parseSettings([], { EYRIE_TLS_CERT: 'c.pem' })).toThrow('EYRIE_TLS_CERT needs --tls-key beside it.');
});

test.each([
  [['--colour', 'red'], 'Unknown flag --colour.'],
  [['--no-trusted-proxy'], 'Unknown flag --no-trusted-proxy.'],
  [['-x'], 'Unknown flag -x.'],
  [['now'], 'Unexpected argument now.'],
  [['--data'], '--data needs a value.'],
  [['--data='], '--data needs a value.'],
  [['--data', '--trusted-proxy'], '--data needs a value.'],
  [['--client-port', '70000'], '--client-port is 70000; it has to be a number from 1 to 65535.'],
  [['--client-port', '0'], '--client-port is 0; it has to be a number from 1 to 65535.'],
  [['--client-port', '8008x'], '--client-port is 8008x; it has to be a number from 1 to 65535.'],
  [['--client-port', '8448'], 'Both ports are 8448; they have to differ.'],
  [['--password-cost', '9'], '--password-cost is 9; it has to be a number from 10 to 17.'],
  [['--password-cost', '18'], '--password-cost is 18; it has to be a number from 10 to 17.'],
  [['--registration', 'maybe'], '--registration is maybe; it has to be closed, open or token.'],
  [['--rate-limits', 'no'], '--rate-limits is no; it has to be on or off.'],
  [['--server-name', 'a b'], '--server-name is a b, which is no server name'],
  [['--server-name', 'https://hs1.example'], '--server-name is https://hs1.example, which is no server name'],
  ...[
    'Hs1.example',
    '192.0.2.1',
    '[::1]:8448',
    'hs1..example',
    '-hs1.example',
    'hs1.example/x',
    'hs1.example:70000',
  ].map((name) => [['--server-name', name], `--server-name is ${name}, which is no server name`] as const),
  [['--server-name', `${'a'.repeat(60)}.`.repeat(4)], '(bad-domain)'],
] as const)('%j is refused with a sentence', (args, sentence) => {
  expect(() => parseSettings([...args], {})).toThrow(sentence);
});

test.each(['localhost:8448', 'hs1.example', 'chat.hs-1.example:443', '1.example', 'xn--bcher-kva.example'])(
  'a server may be called %s',
  (name) => {
    expect(parseSettings(['--server-name', name], {}).serverName).toBe(name);
  },
);

test('a bad variable is refused by its name, an empty one counts as absent', () => {
  expect(() => parseSettings([], { EYRIE_TRUSTED_PROXY: 'yes' })).toThrow('EYRIE_TRUSTED_PROXY is yes;');
  expect(parseSettings([], { EYRIE_PASSWORD_COST: '' }).passwordCost).toBe(15);
});
