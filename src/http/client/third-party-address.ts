import * as v from 'valibot';

import { invalidParam } from '../../matrix/error.ts';
import { parseServerName } from '../../matrix/ids/server-name.ts';
import type { InvitedAddress } from '../../rooms/third-party/invite-address.ts';

const MAX_ADDRESS = 500;
const MAX_TOKEN = 4_096;

/** `Invite3pid` of the Client-Server API. */
export const ThirdPartyAddressSchema = v.object({
  id_server: v.string(),
  id_access_token: v.pipe(v.string(), v.maxLength(MAX_TOKEN)),
  medium: v.picklist(['email', 'msisdn']),
  address: v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_ADDRESS)),
});

/** Throws `M_INVALID_PARAM` for what names no identity server or could end a header. */
export function invitedAddress(given: v.InferOutput<typeof ThirdPartyAddressSchema>): InvitedAddress {
  const { id_server: server, id_access_token: token, medium, address } = given;
  const parsed = parseServerName(server);
  if (!parsed.ok) throw invalidParam('id_server is no server name');
  if (!/^[\x21-\x7e]+$/.test(token)) throw invalidParam('id_access_token is no token');
  // Appendices, "3PID Types": addresses of e-mail are written in lower case.
  const written = medium === 'email' ? address.toLowerCase() : address;
  return { access: { server: parsed.value, token }, medium, address: written };
}
