import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Pdu, PduSource } from '../../../src/matrix/event/pdu.ts';
import { stateTuple, type StateMap } from '../../../src/matrix/event/state-map.ts';
import type { EventId, RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../../../src/matrix/json/json-value.ts';
import { allow } from '../../../src/matrix/result.ts';
import type { RoomVersionRules } from '../../../src/matrix/room-versions/rules.ts';
import { resolveFullStates } from '../../../src/matrix/state-res/resolve-state.ts';
import { aPdu } from '../../support/core/a-pdu.ts';
import { rulesOf } from '../../support/core/rules-of.ts';
import { literalResolve } from './literal-resolve.ts';

interface VectorEvent {
  readonly id: string;
  readonly type: string;
  readonly sender: UserId;
  readonly state_key: string;
  readonly content: JsonObject;
  readonly auth_events: readonly string[];
  readonly origin_server_ts: number;
  readonly depth: number;
}

/** Events go by short names. The form that versions give to the create event and to creators is made up here. */
interface Vector {
  readonly description: string;
  readonly events: readonly VectorEvent[];
  readonly states: readonly (readonly string[])[];
  readonly rejected?: readonly string[];
  /** By room versions, separated by spaces. */
  readonly resolved: Readonly<Record<string, readonly string[]>>;
}

const folder = join(import.meta.dirname, '../../fixtures/state-res');
const vectors = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Vector);

const idOf = (name: string): EventId => `$${name}` as EventId;

function pduOf(rules: RoomVersionRules, event: VectorEvent, creator: UserId): Pdu {
  const named = rules.roomIdIsCreateEvent ? event.auth_events.filter((name) => name !== 'create') : event.auth_events;
  const { users } = event.content;
  const withoutCreator =
    isJsonObject(users) && rules.creatorsArePrivileged ? { ...users, [creator]: undefined } : users;
  return aPdu(rules, {
    ...event,
    eventId: idOf(event.id),
    roomId: (rules.roomIdIsCreateEvent ? '!create' : '!room:one.test') as RoomId,
    stateKey: event.state_key,
    content: {
      ...event.content,
      ...(event.type === 'm.room.create' ? { room_version: rules.id } : {}),
      ...(withoutCreator === undefined ? {} : { users: JSON.parse(JSON.stringify(withoutCreator)) as JsonObject }),
    },
    authEvents: named.map(idOf),
    originServerTs: event.origin_server_ts,
  });
}

/** A vector as one room version reads it. */
function readAs(version: string, { description, events, states, rejected = [], resolved }: Vector) {
  const rules = rulesOf(version);
  const [create] = events;
  if (create === undefined) throw new Error('a vector without events');
  const pdus = new Map(events.map((event) => [idOf(event.id), pduOf(rules, event, create.sender)]));
  const stateOf = (list: readonly string[]): StateMap =>
    new Map(
      list.map((name) => {
        const pdu = pdus.get(idOf(name));
        if (pdu?.stateKey === undefined) throw new Error(`no state event ${name}`);
        return [stateTuple(pdu.type, pdu.stateKey), pdu.eventId];
      }),
    );
  const expected = Object.entries(resolved).find(([versions]) => versions.split(' ').includes(version))?.[1] ?? [];
  return {
    version,
    description,
    input: { rules, events: pdus, isRejected: (id: EventId) => rejected.some((name) => idOf(name) === id) },
    states: states.map(stateOf),
    expected: stateOf(expected),
  };
}

const cases = vectors.flatMap((vector) =>
  Object.keys(vector.resolved).flatMap((versions) => versions.split(' ').map((version) => readAs(version, vector))),
);

test.each(cases)('version $version: $description', ({ input, states, expected }) => {
  const source: PduSource = (id) => input.events.get(id);
  expect(resolveFullStates(input.rules, states, source, input.isRejected)).toEqual(allow(expected));
});

test.each(cases.filter(({ version }) => version !== '1'))(
  'the reference agrees, version $version: $description',
  ({ input, states, expected }) => {
    expect(literalResolve(input, states, { statesInChains: true, chainsWithinSet: true })).toEqual(expected);
  },
);
