import { expect, test } from 'vitest';
import { parsePdu } from '../../../src/matrix/event/format.ts';
import { pduFromStored } from '../../../src/matrix/event/stored-pdu.ts';
import { canonicalJson } from '../../../src/matrix/json/canonical-json.ts';
import { isJsonObject, SourceNumber } from '../../../src/matrix/json/json-value.ts';
import type { JsonValue } from '../../../src/matrix/json/json-value.ts';
import { parseJson } from '../../../src/matrix/json/strict-json.ts';
import { supportedRoomVersions } from '../../../src/matrix/room-versions/versions.ts';
import { pduJson } from '../../support/core/pdu-json.ts';
import { rulesOf } from '../../support/core/rules-of.ts';

function readBack(version: string, changes: Record<string, JsonValue | undefined>): void {
  const rules = rulesOf(version);
  const pdu = parsePdu(rules, pduJson(version, changes));
  if (!pdu.ok) throw new Error(JSON.stringify(pdu.reason));
  const stored = parseJson(canonicalJson(pdu.value.json));
  if (!stored.ok || !isJsonObject(stored.value)) throw new Error('not stored');
  expect(pduFromStored(rules, pdu.value.roomId, pdu.value.eventId, stored.value)).toEqual(pdu.value);
}

test.each(supportedRoomVersions)('what was stored is read back as it was received in version %s', (version) => {
  readBack(version, {});
  readBack(version, { state_key: '', unsigned: { age: 1 }, extra: [null] });
  readBack(version, { type: 'm.room.redaction', redacts: '$top', content: { redacts: '$content' } });
  readBack(version, { type: 'm.room.redaction', redacts: 'nonsense', content: { redacts: 'nonsense' } });
  readBack(version, { type: 'm.room.message', redacts: '$top', content: { redacts: '$content' } });
});

test.each(['1', '2', '3', '4', '5'])('so are integers of 64 bits in version %s', (version) => {
  const largest = new SourceNumber('9223372036854775807');
  readBack(version, { depth: largest, origin_server_ts: largest, content: { level: new SourceNumber('1.0') } });
});
