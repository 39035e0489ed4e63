// What each operation of the admin API is for, what it may be asked by a query, and what it answers
import * as answers from './answers.ts';
import { anyObject, flag, integer, listOf, mapOf, object, oneOf, orNull, text, time, type Shape } from './shape.ts';

export interface Operation {
  readonly summary: string;
  readonly query?: Readonly<Record<string, Shape>>;
  /** Where nothing in the code says it as a schema. */
  readonly body?: Shape;
  readonly answer: Shape;
  /** An application service that is a workspace may call it. */
  readonly isForWorkspaces?: boolean;
  /** No token is asked for. */
  readonly isOpen?: boolean;
  /** The path, where the router's is another. */
  readonly shownAs?: string;
}

const nothing = object({});
const page = { limit: integer, from: text };
const inQueue = object({ queue: answers.queue });
const retried = object({ retried: integer });

/** By method and path, as the router has them. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /_eyrie/admin/v1/openapi.json': { summary: 'This document', answer: anyObject, isOpen: true },

  'GET /_eyrie/admin/v1/settings': {
    summary: 'The settings, with their defaults, and the signing key',
    answer: answers.settings,
  },
  'PUT /_eyrie/admin/v1/settings': { summary: 'Changes settings, all or nothing', answer: answers.changed },
  'POST /_eyrie/admin/v1/signing-key/rotate': {
    summary: 'Has a fresh key take the place of the one that signs',
    answer: answers.rotated,
  },
  'POST /_eyrie/admin/v1/signing-key/old': {
    summary: 'Lists a key that a server of this name had elsewhere as an old one',
    answer: object({ revision: integer, changed: flag }),
  },
  'POST /_eyrie/admin/v1/restored': {
    summary: 'Says that a database or objects were restored',
    answer: object({ epoch: text }),
  },
  'POST /_eyrie/admin/v1/allow_list/test': {
    summary: 'Whether servers are in an allow list',
    answer: mapOf(object({ allowed: flag, matched_by: orNull(text), reason: text })),
  },
  'GET /_eyrie/admin/v1/audit-log': {
    summary: 'Who changed what',
    query: { ...page, user_id: text, appservice_id: text, action: text },
    answer: answers.paged('entries', object({ id: integer, ts: time, user_id: text, action: text, detail: anyObject })),
  },
  'POST /_eyrie/admin/v1/selftest': {
    summary: 'Walks the way to a server, or to this one, step by step',
    answer: object({
      server: text,
      ok: flag,
      counts: object({ ok: integer, warning: integer, failed: integer, not_exercised: integer }),
      steps: listOf(answers.step),
    }),
  },

  'GET /_eyrie/admin/v1/appservices': {
    summary: 'The application services',
    answer: object({
      appservices: listOf(answers.appservice),
      refused_files: listOf(object({ file: text, reason: text })),
    }),
  },
  'GET /_eyrie/admin/v1/appservices/:id': {
    summary: 'An application service, and what waits for it',
    answer: answers.withQueue,
  },
  'PUT /_eyrie/admin/v1/appservices/:id': {
    summary: 'Makes or replaces a registration',
    body: answers.registration,
    answer: answers.appservice,
  },
  'POST /_eyrie/admin/v1/appservices/:id/connect': {
    summary: 'Connects a workspace in one step, and shows its tokens this once',
    answer: answers.connected,
  },
  'DELETE /_eyrie/admin/v1/appservices/:id': { summary: 'Ends a registration', answer: nothing },
  'POST /_eyrie/admin/v1/appservices/:id/ping': { summary: 'Pings an application service', answer: answers.pinged },
  'POST /_eyrie/admin/v1/appservices/:id/retry': { summary: 'Has what waits tried at once', answer: inQueue },
  'POST /_eyrie/admin/v1/appservices/:id/replay': {
    summary: 'Sends what was received since a time once more',
    answer: inQueue,
  },

  'GET /_eyrie/admin/v1/destinations': {
    summary: 'Other servers, and how sending to them stands',
    query: { ...page, search: text },
    answer: answers.paged('destinations', answers.destination),
  },
  'GET /_eyrie/admin/v1/destinations/:server': {
    summary: 'One of them, with what it refuses',
    answer: answers.withRefused,
  },
  'POST /_eyrie/admin/v1/destinations/:server/retry': {
    summary: 'Has what waits for it tried at once',
    answer: answers.destination,
  },

  'GET /_eyrie/admin/v1/media': {
    summary: 'Files',
    query: { ...page, user_id: text, server: text, remote: flag, accessed_before_ts: time },
    answer: answers.paged('media', answers.media, 'next_from'),
  },
  'POST /_eyrie/admin/v1/media/purge': {
    summary: 'Deletes some files',
    answer: object({ deleted: integer, has_more: flag }),
  },
  'DELETE /_eyrie/admin/v1/media/:serverName/:mediaId': { summary: 'Deletes a file', answer: nothing },
  'PUT /_eyrie/admin/v1/media/:serverName/:mediaId/quarantine': { summary: 'Shows a file to nobody', answer: nothing },
  'DELETE /_eyrie/admin/v1/media/:serverName/:mediaId/quarantine': { summary: 'Shows it again', answer: nothing },

  'GET /_eyrie/admin/v1/registration-tokens': {
    summary: 'Tokens by which accounts are made',
    answer: object({ registration_tokens: listOf(answers.registrationToken) }),
  },
  'POST /_eyrie/admin/v1/registration-tokens': { summary: 'Makes one', answer: answers.registrationToken },
  'DELETE /_eyrie/admin/v1/registration-tokens/:token': { summary: 'Removes one', answer: nothing },

  'GET /_eyrie/admin/v1/reports': {
    summary: 'What users reported',
    query: page,
    answer: answers.paged('reports', answers.report),
  },
  'GET /_eyrie/admin/v1/reports/:id': {
    summary: 'A report, with the event as the reporter saw it',
    answer: answers.withEvent,
  },
  'DELETE /_eyrie/admin/v1/reports/:id': { summary: 'Closes a report', answer: nothing },

  'GET /_eyrie/admin/v1/rooms': {
    summary: 'Rooms',
    query: { ...page, name: text, member: text, server: text, order_by: oneOf('room_id', 'joined_members') },
    answer: object({ rooms: listOf(answers.listedRoom), total: integer }, { next_batch: text }),
    isForWorkspaces: true,
  },
  'GET /_eyrie/admin/v1/rooms/:roomId': { summary: 'A room, and how it stands', answer: answers.room },
  'GET /_eyrie/admin/v1/rooms/:roomId/parked': {
    summary: 'Events that could not be decided yet, and why',
    query: page,
    answer: answers.paged('parked', answers.parked),
  },
  'GET /_eyrie/admin/v1/rooms/:roomId/rejected': {
    summary: 'Events that the rules of the room refuse, and why',
    query: page,
    answer: answers.paged('rejected', answers.rejected),
  },
  'POST /_eyrie/admin/v1/rooms/:roomId/parked/:eventId/retry': {
    summary: 'Has a parked event tried at once',
    answer: retried,
  },
  'POST /_eyrie/admin/v1/rooms/:roomId/retry-parked': { summary: 'Has all of them tried at once', answer: retried },
  'POST /_eyrie/admin/v1/rooms/:roomId/repair': {
    summary: 'Has what waits tried at once, and the state of the room fetched from a server and resolved with ours',
    answer: object(
      {
        retried: integer,
        fetched: integer,
        changed: integer,
        changes: listOf(object({ type: text, state_key: text, event_id: orNull(text) })),
      },
      { via: text },
    ),
  },
  'POST /_eyrie/admin/v1/rooms/:roomId/rebuild-projection': {
    summary: 'Has what the database knows of the room written anew',
    answer: nothing,
  },
  'POST /_eyrie/admin/v1/rooms/:roomId/shutdown': {
    summary: 'Closes a room to the users of this server',
    answer: answers.shutdown,
  },
  'GET /_eyrie/admin/v1/rooms/:roomId/shutdown': { summary: 'How far that is', answer: answers.shutdown },
  'DELETE /_eyrie/admin/v1/rooms/:roomId/shutdown': { summary: 'Opens the room again', answer: nothing },

  'GET /_eyrie/admin/v1/users': {
    summary: 'Users',
    query: { ...page, search: text },
    answer: answers.paged('users', answers.user),
  },
  'POST /_eyrie/admin/v1/users': { summary: 'Makes a user', answer: object({ user_id: text }) },
  'GET /_eyrie/admin/v1/users/:userId': { summary: 'A user', answer: answers.user },
  'POST /_eyrie/admin/v1/users/:userId': {
    summary: 'Whether users of any server can be written to, and if not, why',
    answer: object({ results: mapOf(answers.checkedUser) }),
    isForWorkspaces: true,
    shownAs: '/_eyrie/admin/v1/users/check',
  },
  'POST /_eyrie/admin/v1/users/:userId/password': { summary: 'Sets a password', answer: nothing },
  'POST /_eyrie/admin/v1/users/:userId/deactivate': { summary: 'Deactivates a user for ever', answer: nothing },
  'PUT /_eyrie/admin/v1/users/:userId/admin': {
    summary: 'Makes a user an administrator, or no longer one',
    answer: object({ admin: flag }),
  },

  'PUT /_eyrie/admin/v1/users/:userId/federation': {
    summary: 'Whether a user may meet other servers while users.validate_domain is on',
    answer: object({ allowed: orNull(flag) }),
    isForWorkspaces: true,
  },
  'PUT /_eyrie/admin/v1/rooms/:roomId/power_level/:userId': {
    summary: 'Sets the power level of a user, read and written in one step',
    answer: object({ previous: orNull(integer), level: orNull(integer), changed: flag }, { event_id: text }),
    isForWorkspaces: true,
  },
  'POST /_eyrie/admin/v1/dm': {
    summary: 'Finds or makes the direct chat of some users',
    answer: object({
      room_id: orNull(text),
      created: flag,
      pending: listOf(text),
      failed: listOf(object({ user_id: text, reason: text, error: text })),
    }),
    isForWorkspaces: true,
  },
  'GET /_eyrie/admin/v1/events/:eventId': {
    summary: 'An event, whatever became of it, and why',
    query: { format: oneOf('client', 'pdu'), room_id: text },
    answer: object(
      { event_id: text, room_id: text, room_version: text, status: text, received_ts: time, event: anyObject },
      { reason: text },
    ),
    isForWorkspaces: true,
  },
  'GET /_eyrie/admin/v1/events/:eventId/state': {
    summary: 'The state of a room before or after an event',
    query: { at: oneOf('before', 'after'), type: text, state_key: text, room_id: text },
    answer: object({ event_id: text, room_id: text, at: oneOf('before', 'after'), state: listOf(anyObject) }),
    isForWorkspaces: true,
  },
  'POST /_eyrie/admin/v1/presence': {
    summary: 'Tells the other servers of chosen rooms how users are',
    answer: object({ destinations: integer, skipped: listOf(object({ user_id: text, reason: text })) }),
    isForWorkspaces: true,
  },
  'POST /_eyrie/admin/v1/receipts': {
    summary: 'Receipts of several users, each for the latest of some events',
    answer: object({ results: listOf(object({ room_id: text, user_id: text }, { event_id: text, reason: text })) }),
    isForWorkspaces: true,
  },
};
