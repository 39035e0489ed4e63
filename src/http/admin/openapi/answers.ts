// Shapes that several answers have
import {
  anyObject,
  extended,
  flag,
  integer,
  listOf,
  mapOf,
  object,
  oneOf,
  orNull,
  text,
  time,
  anything,
  type Shape,
} from './shape.ts';

const namespace = listOf(object({ exclusive: flag, regex: text }));

export const appservice = object(
  {
    id: text,
    url: orNull(text),
    sender_localpart: text,
    namespaces: object({ users: namespace, aliases: namespace, rooms: namespace }),
    rate_limited: flag,
    protocols: listOf(text),
    receive_ephemeral: flag,
    'org.matrix.msc3202': flag,
    'eyrie.admin': flag,
    'eyrie.echo': oneOf('mark', 'drop'),
  },
  { 'de.sorunome.msc2409.push_ephemeral': flag },
);

/** A registration file as JSON. */
export const registration = object(
  { url: orNull(text), sender_localpart: text, namespaces: anyObject },
  {
    id: text,
    as_token: text,
    hs_token: text,
    rate_limited: flag,
    protocols: orNull(listOf(text)),
    receive_ephemeral: flag,
    'de.sorunome.msc2409.push_ephemeral': flag,
    'org.matrix.msc3202': flag,
    'eyrie.admin': flag,
    'eyrie.echo': oneOf('mark', 'drop'),
  },
);

export const queue = object({
  transaction: orNull(object({ txn_id: text, events: integer, made_ts: time })),
  waiting_rooms: integer,
  waiting_positions: integer,
  waiting_messages: orNull(integer),
  oldest_ts: orNull(time),
  failures: integer,
  next_try_ts: orNull(time),
  last_error: orNull(text),
  last_error_ts: orNull(time),
  last_success_ts: orNull(time),
  stream_open: flag,
});

/** Of one whose object did not answer only the first three are told. */
export const destination = object(
  { server: text, registered_ts: time, status: text },
  {
    failures: integer,
    last_error: orNull(text),
    retry_at: orNull(time),
    last_success_ts: orNull(time),
    rooms_waiting: integer,
    edus_waiting: integer,
    waiting_since_ts: orNull(time),
    refused_events: integer,
  },
);

export const refused = listOf(object({ room_id: text, event_id: text, reason: text, ts: time }));

export const media = object({
  mxc_uri: text,
  user_id: orNull(text),
  content_type: text,
  file_name: orNull(text),
  size_bytes: integer,
  created_ts: time,
  accessed_ts: time,
  quarantined_by: orNull(text),
});

export const registrationToken = object({
  token: text,
  uses_allowed: orNull(integer),
  completed: integer,
  expires_ts: orNull(time),
});

export const report = object({
  id: integer,
  ts: time,
  reporter: text,
  room_id: orNull(text),
  event_id: orNull(text),
  user_id: orNull(text),
  reason: orNull(text),
});

const known = {
  name: orNull(text),
  topic: orNull(text),
  canonical_alias: orNull(text),
  room_type: orNull(text),
  join_rule: orNull(text),
  joined_members: integer,
  joined_local_members: integer,
  public: flag,
  encrypted: orNull(flag),
  tombstoned: orNull(flag),
};

export const listedRoom = object({ room_id: text, room_version: text, ...known, servers: listOf(text) });

export const shutdown = object({
  step: text,
  by: text,
  since_ts: time,
  notice_room_id: orNull(text),
  removed: integer,
  remaining: integer,
  failed: listOf(text),
});

export const room = object(
  {
    room_id: text,
    room_version: orNull(text),
    lifecycle: text,
    joining: flag,
    doubtful: orNull(object({ since_ts: time, servers: listOf(text) })),
    shutdown: orNull(shutdown),
    servers: listOf(text),
  },
  known,
);

export const parked = object(
  {
    event_id: text,
    origin: text,
    type: text,
    sender: text,
    reason: text,
    missing: listOf(text),
    attempts: integer,
    parked_ts: time,
    retry_at: orNull(time),
  },
  { detail: text },
);

export const rejected = object(
  { event_id: text, status: oneOf('rejected', 'soft_failed'), type: text, sender: text, received_ts: time },
  { state_key: text, reason: text },
);

export const user = object(
  {
    user_id: text,
    admin: flag,
    deactivated: flag,
    locked: flag,
    suspended: flag,
    has_password: flag,
    created_ts: time,
  },
  { policies: mapOf(text) },
);

const warnings = listOf(object({ key: text, code: text, message: text }));
const signing = object(
  { step: oneOf('published', 'signing', 'done'), key_id: text, public_key: text, signs_from_ts: time },
  { previous: object({ key_id: text, expired_ts: time }) },
);
/** A secret has no value. */
const setting = object(
  { type: text, fixed: flag, updated_ts: time },
  { value: anything, default: anything, set: flag, public_key: text },
);

export const settings = object({
  revision: integer,
  settings: mapOf(setting),
  signing,
  misconfigured: listOf(text),
  warnings,
});

export const changed = object({ revision: integer, changed: listOf(text), warnings }, { signing });
export const rotated = object({ revision: integer, signing });

export const checkedUser = object(
  {
    result: oneOf('ok', 'policy-denied', 'connection-failed', 'user-not-found', 'undisclosed'),
    reason: orNull(text),
    verification: oneOf('VERIFIED', 'UNVERIFIED', 'UNABLE_TO_VERIFY'),
    elapsed_ms: integer,
  },
  { error: text, displayname: text, avatar_url: text },
);

export const step = object({
  step: text,
  result: oneOf('ok', 'warning', 'failed', 'not_exercised'),
  ok: orNull(flag),
  seen: text,
  expected: text,
  advice: orNull(text),
  seen_by: oneOf('worker', 'launcher'),
  elapsed_ms: integer,
});

/** An answer of which a page may follow. */
export const paged = (name: string, items: Shape, next = 'next'): Shape =>
  object({ [name]: listOf(items) }, { [next]: text });

export const withQueue = extended(appservice, { queue });
export const withRefused = extended(destination, {}, { refused });
export const withEvent = extended(report, { event: orNull(anyObject) });

export const pinged = object({ ok: flag }, { duration_ms: integer, reached: flag, errcode: text, error: text });

/** The tokens are shown here and nowhere else. */
export const connected = object({
  registration: extended(appservice, { as_token: text, hs_token: text }),
  registration_yaml: text,
  configuration: object(
    { homeserver_url: text, server_name: text, as_token: text, hs_token: text, sender: text },
    { stream_url: text, listens_at: text },
  ),
  ping: orNull(pinged),
  profile: anyObject,
});
