import { redactionV1, redactionV6, redactionV8, redactionV9, redactionV11 } from './redaction-rules.ts';
import type { RoomVersionRules } from './rules.ts';

const v1 = {
  id: '1',
  eventId: 'sender',
  edgesArePairs: true,
  roomIdIsCreateEvent: false,
  strictCanonicalJson: false,
  signedByEventIdDomain: true,
  keyValidityEnforced: false,
  stateResolution: 'v1',
  redaction: redactionV1,
  redactsInContent: false,
  redactionsInAuthRules: true,
  aliasesRule: true,
  notificationLevelsChecked: false,
  knocking: false,
  restrictedJoins: false,
  knockRestrictedJoins: false,
  integerPowerLevels: false,
  creatorIsSender: false,
  creatorsArePrivileged: false,
} satisfies RoomVersionRules;

const v2 = { ...v1, id: '2', stateResolution: 'v2' } satisfies RoomVersionRules;

const v3 = {
  ...v2,
  id: '3',
  eventId: 'hash-standard',
  edgesArePairs: false,
  signedByEventIdDomain: false,
  redactionsInAuthRules: false,
} satisfies RoomVersionRules;

const v4 = { ...v3, id: '4', eventId: 'hash-url-safe' } satisfies RoomVersionRules;

const v5 = { ...v4, id: '5', keyValidityEnforced: true } satisfies RoomVersionRules;

const v6 = {
  ...v5,
  id: '6',
  strictCanonicalJson: true,
  redaction: redactionV6,
  aliasesRule: false,
  notificationLevelsChecked: true,
} satisfies RoomVersionRules;

const v7 = { ...v6, id: '7', knocking: true } satisfies RoomVersionRules;

const v8 = { ...v7, id: '8', redaction: redactionV8, restrictedJoins: true } satisfies RoomVersionRules;

const v9 = { ...v8, id: '9', redaction: redactionV9 } satisfies RoomVersionRules;

const v10 = { ...v9, id: '10', knockRestrictedJoins: true, integerPowerLevels: true } satisfies RoomVersionRules;

const v11 = {
  ...v10,
  id: '11',
  redaction: redactionV11,
  redactsInContent: true,
  creatorIsSender: true,
} satisfies RoomVersionRules;

const v12 = {
  ...v11,
  id: '12',
  roomIdIsCreateEvent: true,
  stateResolution: 'v2.1',
  creatorsArePrivileged: true,
} satisfies RoomVersionRules;

const all: readonly RoomVersionRules[] = [v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12];

const byId: ReadonlyMap<string, RoomVersionRules> = new Map(all.map((rules) => [rules.id, rules]));

/** The room versions that this server understands, oldest first. */
export const supportedRoomVersions: readonly string[] = all.map((rules) => rules.id);

/** @returns the rules of a room version, or `undefined` for one that this server does not know. */
export function roomVersionRules(version: string): RoomVersionRules | undefined {
  return byId.get(version);
}
