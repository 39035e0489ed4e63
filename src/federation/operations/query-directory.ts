// GET /_matrix/federation/v1/query/directory (Server-Server API, "Querying for information")
import { parseRoomId } from '../../matrix/ids/room-id.ts';
import { parseServerName } from '../../matrix/ids/server-name.ts';
import type { RoomAlias, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { allow, deny } from '../../matrix/result.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';

export interface DirectoryAnswer {
  readonly roomId: RoomId;
  /** Servers that may help with a join; names that are none are left out. */
  readonly servers: readonly ServerName[];
}

export async function queryDirectory(
  client: Pick<FederationClient, 'request'>,
  args: { readonly destination: ServerName; readonly alias: RoomAlias },
): Promise<FederationResult<DirectoryAnswer>> {
  const target = requestTarget('/_matrix/federation/v1/query/directory', [], [['room_alias', args.alias]]);
  const answer = await client.request({ destination: args.destination, method: 'GET', target });
  if (!answer.ok) return answer;
  const { room_id: id, servers: names } = answer.value;
  const roomId = typeof id === 'string' ? parseRoomId(id) : undefined;
  if (roomId?.ok !== true || !Array.isArray(names)) {
    return deny({ kind: 'garbage', reason: 'wrong or missing: room_id, servers' });
  }
  const servers = (names as unknown[]).flatMap((name) => {
    const server = typeof name === 'string' ? parseServerName(name) : undefined;
    return server?.ok === true ? [server.value] : [];
  });
  return allow({ roomId: roomId.value, servers });
}
