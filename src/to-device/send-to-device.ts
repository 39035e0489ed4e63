import { encodeBase64Url } from '../matrix/crypto/base64.ts';
import { sha256 } from '../matrix/crypto/sha256.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import { userIdServer } from '../matrix/ids/user-id.ts';
import { directToDeviceEdus } from './direct-to-device-edus.ts';
import type { DeviceMessage, ToDeviceDeps } from './ports.ts';
import { receiveLocally } from './receive-locally.ts';

export interface SentMessages {
  readonly sender: UserId;
  /** Of the sender: it remembers the request. */
  readonly shard: string;
  /** Whose transaction IDs these are. */
  readonly scope: string;
  readonly txnId: string;
  readonly type: string;
  readonly messages: readonly DeviceMessage[];
}

/** Specified are at most 32 characters, of which some number the EDUs of one request. */
const ID_CHARACTERS = 27;
const SERVERS_AT_ONCE = 16;

/**
 * Sends messages to devices, here and elsewhere. When it resolves all of them are in inboxes or kept for other servers,
 * and the sender's shard remembers that: a request that is repeated does nothing. One that failed may have done its work
 * in part; repeated, it does the rest, for its ID follows from the transaction ID, and who has taken a delivery under an
 * ID takes it no second time. Source: Client-Server API, "Send-to-Device messaging".
 */
export async function sendToDevice(
  { serverName, local, remote }: ToDeviceDeps,
  { sender, shard, scope, txnId, type, messages }: SentMessages,
): Promise<void> {
  const messageId = encodeBase64Url(sha256(JSON.stringify([scope, type, txnId]))).slice(0, ID_CHARACTERS);
  const delivery = { sender, type, messageId, messages, isRemembered: true };
  const byServer = Map.groupBy(messages, ({ userId }) => userIdServer(userId));
  const ours = byServer.get(serverName) ?? [];
  byServer.delete(serverName);
  const shardOf = await local.shardsOf(ours.map(({ userId }) => userId));
  const elsewhere = ours.filter(({ userId }) => shardOf.get(userId) !== shard);
  if (elsewhere.length + byServer.size > 0) {
    if (await local.hasReceived(shard, { sender, messageId })) return;
    await receiveLocally(local, [{ ...delivery, messages: elsewhere }]);
    const servers = [...byServer];
    for (let at = 0; at < servers.length; at += SERVERS_AT_ONCE) {
      const keeping = servers
        .slice(at, at + SERVERS_AT_ONCE)
        .map(([server, theirs]) => remote.keep(server, directToDeviceEdus({ ...delivery, messages: theirs })));
      await Promise.all(keeping);
    }
  }
  // The last of all: the shard of the sender remembers with it that the whole was done.
  await local.receive(shard, [{ ...delivery, messages: ours.filter(({ userId }) => shardOf.get(userId) === shard) }]);
}
