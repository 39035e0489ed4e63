import * as v from 'valibot';

import type { ServerName } from '../matrix/ids/brands.ts';
import { parseServerName } from '../matrix/ids/server-name.ts';
import { parseUserId } from '../matrix/ids/user-id.ts';
import type { Policies } from '../matrix/policies.ts';
import { supportedRoomVersions } from '../matrix/room-versions/versions.ts';

type RegistrationMode = 'closed' | 'open' | 'token';

/** The runtime settings. A plain object: it crosses RPC as it is. */
export interface SettingsValues {
  /** All traffic with other servers, in and out. */
  readonly 'federation.enabled': boolean;
  /** Servers that we talk to, both ways: exact names, or `*.x` for every sub-domain of `x`. Empty: all. */
  readonly 'federation.allow_list': readonly string[];
  /** Servers that are asked for the keys of those that cannot be reached. */
  readonly 'federation.notaries': readonly ServerName[];
  /** Typing notifications of other servers are taken, and ours sent to them. */
  readonly 'edu.typing': boolean;
  /** The same for read receipts. */
  readonly 'edu.receipts': boolean;
  /** The same for presence. */
  readonly 'edu.presence': boolean;
  readonly 'rooms.default_version': string;
  /** The largest public room of another server that a local user may join, in members; 0: any. */
  readonly 'rooms.max_public_members': number;
  /** Users take part in encrypted rooms of other servers. */
  readonly 'rooms.encrypted': boolean;
  /** Users take part in public rooms of other servers. */
  readonly 'rooms.non_private': boolean;
  /** Only users of whom it was said that they may be in rooms with other servers. */
  readonly 'users.validate_domain': boolean;
  /** How long a server that a user is checked at may take to answer at all, and for the profile. */
  readonly 'check.network_timeout_ms': number;
  readonly 'check.user_timeout_ms': number;
  /** Other servers are told how users call their devices. */
  readonly 'devices.share_names': boolean;
  /** The largest file that a user may upload, and that is fetched of another server. */
  readonly 'media.max_upload_bytes': number;
  /** How much a user may have uploaded in all; 0: any. */
  readonly 'media.user_quota_bytes': number;
  /** A redaction deletes the files that the event's sender uploaded and no other event names. */
  readonly 'media.delete_with_event': boolean;
  /** How old messages may get in rooms that say nothing of it themselves; 0: any. */
  readonly 'retention.default_days': number;
  /** Users are shown what a link leads to: this server asks the site for it. */
  readonly 'media.url_previews': boolean;
  /** Whom users turn to: a page, a Matrix user, an e-mail address. Empty: not told. */
  readonly 'support.page': string;
  readonly 'support.matrix_id': string;
  readonly 'support.email': string;
  /** Clients may log in over the OAuth 2.0 API, with pages of this server. */
  readonly 'accounts.oauth': boolean;
  /** Users of this server find each other, also without a room that both are in. */
  readonly 'accounts.directory': boolean;
  readonly 'registration.mode': RegistrationMode;
  /** Guests get accounts, with which they may do little. */
  readonly 'registration.guests': boolean;
  /** What whoever registers has to accept. Empty: nothing. */
  readonly 'registration.policies': Policies;
}

export type SettingKey = keyof SettingsValues;

interface Definition<Key extends SettingKey> {
  readonly type: 'bool' | 'int' | 'list' | 'enum' | 'string' | 'object';
  readonly default: SettingsValues[Key];
  /** Turns what an administrator gave into the value; its messages are sentences for people. */
  readonly schema: v.GenericSchema<unknown, SettingsValues[Key]>;
  /** Of a refusal, for programs. */
  readonly code: string;
}

/** What the platform takes as the body of a request, and more than it takes on most plans. */
const MAX_UPLOAD_BYTES = 500 * 1024 * 1024;

const bool = v.boolean('This has to be true or false.');

const integer = (least: number, most: number) => {
  const message = `This has to be a whole number from ${least} to ${most}.`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
};

const oneOf = <const T extends readonly string[]>(choices: T) =>
  v.picklist(choices, `This has to be one of: ${choices.join(', ')}.`);

const LIST = 'This has to be a list of server names, or one text with commas between them.';

/** An exact server name or `*.` before a host name; case does not count. */
const allowListEntry = v.pipe(
  v.string(LIST),
  v.transform((text) => text.trim().toLowerCase()),
  v.check((entry) => {
    const name = entry.startsWith('*.') ? entry.slice(2) : entry;
    return parseServerName(name).ok && !name.startsWith('.') && !name.includes('..');
  }, 'This is no server name. Write example.org, or *.example.org for its sub-domains.'),
);

const notary = v.pipe(
  v.string(LIST),
  v.transform((text) => text.trim().toLowerCase() as ServerName),
  v.check((entry) => parseServerName(entry).ok, 'This is no server name. Write example.org.'),
);

/** One text with commas. */
const parts = v.pipe(
  v.string(),
  v.transform((text) => text.split(',').filter((entry) => entry.trim() !== '')),
);

const listFault = (issue: v.BaseIssue<unknown>) => issue.issues?.[0]?.message ?? LIST;

const allowList = v.union([v.array(allowListEntry), v.pipe(parts, v.array(allowListEntry))], listFault);

/** All of them are asked at once. */
const MAX_NOTARIES = 5;

const notaries = v.pipe(
  v.union([v.array(notary), v.pipe(parts, v.array(notary))], listFault),
  v.maxLength(MAX_NOTARIES, `There may be at most ${MAX_NOTARIES}.`),
);

const PAGE = 'This has to be the address of a page, such as https://example.org/help, or empty.';
const USER = 'This has to be a user ID, such as @admin:example.org, or empty.';
const ADDRESS = 'This has to be an e-mail address, or empty.';

const isWebPage = (text: string) => /^https?:\/\/\S+$/.test(text) && URL.canParse(text);
const isUserId = (text: string) => parseUserId(text).ok;
const isAddress = (text: string) => /^[^\s@]+@[^\s@]+$/.test(text);

const textOr = (holds: (text: string) => boolean, message: string) =>
  v.pipe(
    v.string(message),
    v.trim(),
    v.maxLength(500, message),
    v.check((text) => text === '' || holds(text), message),
  );

const MAX_POLICIES = 10;
const MAX_LANGUAGES = 50;
const POLICIES = `This has to be up to ${MAX_POLICIES} documents by their IDs, each with its version and, by language, its name and the https:// address of its text: {"terms": {"version": "1", "en": {"name": "Terms", "url": "https://example.org/terms"}}}.`;

/** Source: Appendices, "Opaque Identifiers". */
const opaqueId = v.pipe(v.string(POLICIES), v.regex(/^[0-9a-zA-Z._~-]{1,255}$/, POLICIES));
const languageTag = v.pipe(v.string(POLICIES), v.regex(/^[0-9a-zA-Z_-]{2,35}$/, POLICIES));

const policyText = v.strictObject(
  {
    name: v.pipe(v.string(POLICIES), v.nonEmpty(POLICIES), v.maxLength(255, POLICIES)),
    url: v.pipe(v.string(POLICIES), v.maxLength(2000, POLICIES), v.check(isWebPage, POLICIES)),
  },
  POLICIES,
);

const policies: v.GenericSchema<unknown, Policies> = v.pipe(
  v.record(
    opaqueId,
    v.pipe(
      v.objectWithRest({ version: opaqueId }, policyText, POLICIES),
      v.check((policy) => {
        const languages = Object.keys(policy).filter((key) => key !== 'version');
        const areTags = languages.every((language) => v.is(languageTag, language));
        return areTags && languages.length > 0 && languages.length <= MAX_LANGUAGES;
      }, POLICIES),
    ),
    POLICIES,
  ),
  v.check((given) => Object.keys(given).length <= MAX_POLICIES, POLICIES),
);

const on = { type: 'bool', default: true, schema: bool, code: 'bad-bool' } as const;

export const definitions: { readonly [Key in SettingKey]: Definition<Key> } = {
  'federation.enabled': on,
  'federation.allow_list': { type: 'list', default: [], schema: allowList, code: 'bad-entry' },
  'federation.notaries': { type: 'list', default: [], schema: notaries, code: 'bad-entry' },
  'edu.typing': on,
  'edu.receipts': on,
  'edu.presence': on,
  'rooms.default_version': {
    type: 'enum',
    default: '12',
    schema: oneOf(supportedRoomVersions),
    code: 'bad-version',
  },
  'rooms.max_public_members': { type: 'int', default: 0, schema: integer(0, 1_000_000), code: 'bad-number' },
  'rooms.encrypted': on,
  'rooms.non_private': on,
  'users.validate_domain': { ...on, default: false },
  'check.network_timeout_ms': { type: 'int', default: 5_000, schema: integer(100, 30_000), code: 'bad-number' },
  'check.user_timeout_ms': { type: 'int', default: 10_000, schema: integer(100, 30_000), code: 'bad-number' },
  'devices.share_names': { ...on, default: false },
  'media.max_upload_bytes': {
    type: 'int',
    default: 50 * 1024 * 1024,
    schema: integer(1024, MAX_UPLOAD_BYTES),
    code: 'bad-number',
  },
  'media.user_quota_bytes': {
    type: 'int',
    default: 0,
    schema: integer(0, Number.MAX_SAFE_INTEGER),
    code: 'bad-number',
  },
  'media.delete_with_event': { ...on, default: false },
  'retention.default_days': { type: 'int', default: 0, schema: integer(0, 36_500), code: 'bad-number' },
  'media.url_previews': on,
  'support.page': { type: 'string', default: '', schema: textOr(isWebPage, PAGE), code: 'bad-url' },
  'support.matrix_id': { type: 'string', default: '', schema: textOr(isUserId, USER), code: 'bad-user-id' },
  'support.email': { type: 'string', default: '', schema: textOr(isAddress, ADDRESS), code: 'bad-address' },
  'accounts.oauth': on,
  'accounts.directory': on,
  'registration.mode': {
    type: 'enum',
    default: 'closed',
    schema: oneOf(['closed', 'open', 'token']),
    code: 'bad-mode',
  },
  'registration.guests': { ...on, default: false },
  'registration.policies': { type: 'object', default: {}, schema: policies, code: 'bad-policies' },
};

export const settingKeys = Object.keys(definitions) as SettingKey[];

export const defaultValues = Object.fromEntries(
  settingKeys.map((key) => [key, definitions[key].default]),
) as unknown as SettingsValues;

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(definitions, key);
}
