/** What a redaction keeps of an event. Source: "Redactions" of each room version's page. */
export interface RedactionRules {
  readonly topLevel: readonly string[];
  /** Per event type, the keys of `content` that stay; `'all'` keeps it whole; a nested list keeps keys of an object. */
  readonly content: Readonly<Record<string, 'all' | readonly (string | readonly [string, readonly string[]])[]>>;
}

/** Everything in which room versions differ, as data. Code asks these rules and never looks at the version's name. */
export interface RoomVersionRules {
  readonly id: string;
  /** `'sender'`: the event carries its ID (versions 1 and 2), else the reference hash in this Base64. */
  readonly eventId: 'sender' | 'hash-standard' | 'hash-url-safe';
  /** Whether `prev_events` and `auth_events` are lists of `[id, hashes]` pairs. */
  readonly edgesArePairs: boolean;
  /** Whether the room ID is the create event's ID with another sigil, and the create event carries no `room_id`. */
  readonly roomIdIsCreateEvent: boolean;
  /** Whether events must be canonical JSON: integers within ±(2^53 - 1), no floats. */
  readonly strictCanonicalJson: boolean;
  /** Whether the server that an event ID names must sign as well. */
  readonly signedByEventIdDomain: boolean;
  /** Whether a signing key must have been valid at `origin_server_ts`. */
  readonly keyValidityEnforced: boolean;
  readonly stateResolution: 'v1' | 'v2' | 'v2.1';
  readonly redaction: RedactionRules;
  /** Whether `redacts` stands in `content`. */
  readonly redactsInContent: boolean;
  /** Whether redactions are judged by the authorization rules (versions 1 and 2) and not when they are applied. */
  readonly redactionsInAuthRules: boolean;
  /** Whether `m.room.aliases` has an authorization rule of its own. */
  readonly aliasesRule: boolean;
  readonly notificationLevelsChecked: boolean;
  readonly knocking: boolean;
  readonly restrictedJoins: boolean;
  readonly knockRestrictedJoins: boolean;
  /** Whether power levels must be integers; earlier versions read strings too. */
  readonly integerPowerLevels: boolean;
  /** Whether the sender of the create event is the creator; earlier versions read `content.creator`. */
  readonly creatorIsSender: boolean;
  /** Whether creators (sender and `additional_creators`) stand above every power level. */
  readonly creatorsArePrivileged: boolean;
}
