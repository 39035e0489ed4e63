import {
  type GeneratedSas,
  type ShowSasCallbacks,
  VerificationPhase,
  type VerificationRequest,
  type Verifier,
  VerifierEvent,
} from 'matrix-js-sdk/lib/crypto-api/index.js';
import { expect } from 'vitest';

import { type EncryptingClient, encryptingJsSdk, type ReadEvent } from '../sdk/encrypting-js-sdk.ts';
import { type SharedRoom, sees, type World } from './world.ts';

const ENCRYPTION = {
  type: 'm.room.encryption',
  state_key: '',
  content: { algorithm: 'm.megolm.v1.aes-sha2' },
};

/** Two users in an encrypted room, whose clients know that it is. */
export async function shareEncryptedRoom(
  world: World,
  { from, to }: { from: number; to: number } = { from: 0, to: 0 },
): Promise<SharedRoom<EncryptingClient, EncryptingClient>> {
  const sdk = encryptingJsSdk;
  const meeting = { title: 'with encryption', host: { sdk, server: from }, joiner: { sdk, server: to } };
  const shared = await world.shareRoom(meeting, { initial_state: [ENCRYPTION] });
  for (const client of [shared.alice, shared.bob]) await knowsOfEncryption(client, shared.roomId);
  return shared;
}

export function knowsOfEncryption({ client, crypto, userId }: EncryptingClient, roomId: string): Promise<true> {
  return sees(
    `the encryption at ${userId}`,
    async () => client.getRoom(roomId) !== null && crypto.isEncryptionEnabledInRoom(roomId),
  );
}

/** Whether a client encrypts for a device. */
export async function knows({ crypto }: EncryptingClient, { userId, credentials }: EncryptingClient): Promise<boolean> {
  return (await crypto.getUserDeviceInfo([userId])).get(userId)?.has(credentials.deviceId) === true;
}

export function knowsDevice(client: EncryptingClient, device: EncryptingClient): Promise<true> {
  return sees(`${device.credentials.deviceId} at ${client.userId}`, () => knows(client, device));
}

/** An encrypted event, once a client has read it. */
export function readBy(client: EncryptingClient, roomId: string, eventId: string): Promise<ReadEvent> {
  return sees(`what ${eventId} says at ${client.userId} ${client.credentials.deviceId}`, () =>
    client.read(roomId, eventId),
  );
}

/** A message of one device, once all the others have read it. */
export async function say(
  text: string,
  { from, to, roomId }: { from: EncryptingClient; to: readonly EncryptingClient[]; roomId: string },
): Promise<string> {
  const id = await from.sendText(roomId, text);
  for (const client of to) {
    const { content, sender } = await readBy(client, roomId, id);
    expect(content).toMatchObject({ body: text });
    expect(sender).toBe(from.userId);
  }
  return id;
}

/** The request for verification of a user that came to a device and was not answered yet. */
export function requestOf(client: EncryptingClient, userId: string): Promise<VerificationRequest> {
  return sees(`a request of ${userId} at ${client.userId}`, async () =>
    client.verificationRequests.find(
      ({ phase, otherUserId }) => phase === VerificationPhase.Requested && otherUserId === userId,
    ),
  );
}

/** Both sides look at the same emoji, say so, and are done. */
export async function compareEmoji(asking: VerificationRequest, answering: VerificationRequest): Promise<void> {
  await answering.accept();
  await sees('the request to be accepted', async () => asking.phase === VerificationPhase.Ready);
  const verifier = await asking.startVerification('m.sas.v1');
  const other = await sees('the verification to start', async () => answering.verifier);
  const done = Promise.all([verifier.verify(), other.verify()]);
  const [here, there] = await Promise.race([Promise.all([shown(verifier), shown(other)]), done.then(neverShown)]);
  expect(here.sas.emoji).toEqual(there.sas.emoji);
  expect(here.sas.emoji).toHaveLength(7);
  await Promise.all([here.confirm(), there.confirm()]);
  await done;
}

function shown(verifier: Verifier): Promise<ShowSasCallbacks & { sas: GeneratedSas }> {
  const already = verifier.getShowSasCallbacks();
  if (already !== null) return Promise.resolve(already);
  return new Promise((resolve) => {
    verifier.on(VerifierEvent.ShowSas, resolve);
  });
}

function neverShown(): never {
  throw new Error('verified without a comparison');
}
