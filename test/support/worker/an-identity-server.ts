import { signJson } from '../../../src/matrix/crypto/signed-json.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { aPeer, type Peer } from './a-peer.ts';

/** An identity server that knows no user, and keeps invitations. */
export class IdentityServer {
  readonly peer: Peer;
  /** Whether it still stands by its key. */
  isKeyValid = true;
  /** Users by hashed address. */
  mappings: JsonObject = {};

  constructor(peer: Peer) {
    this.peer = peer;
    const { name, signingKey } = peer.server;
    const base = '/_matrix/identity/v2';
    peer.reply(`${base}/hash_details`, () => ({ algorithms: ['none', 'sha256'], lookup_pepper: 'matrixrocks' }));
    peer.reply(`${base}/lookup`, () => ({ mappings: this.mappings }));
    peer.reply(`${base}/store-invite`, () => ({
      token: 'the-token',
      display_name: 'b...@e...',
      public_keys: [{ public_key: signingKey.publicKey, key_validity_url: `https://${name}${base}/pubkey/isvalid` }],
    }));
    peer.reply(`${base}/pubkey/isvalid`, () => ({ valid: this.isKeyValid }));
  }

  /** `Invite3pid` of an address. */
  invite(address = 'Bob@Example.com'): JsonObject {
    return { id_server: this.peer.server.name, id_access_token: 'of-the-client', medium: 'email', address };
  }

  /** What it signs when somebody has proven that the address is theirs. */
  signed(mxid: string, token = 'the-token'): JsonObject {
    const { name, signingKey } = this.peer.server;
    return signJson({ mxid, token }, name, signingKey);
  }

  /** Its requests to a path, without the keys that other servers ask for. */
  asked(path: string) {
    return this.peer.received.filter(({ target }) => target.startsWith(`/_matrix/identity/v2/${path}`));
  }
}

export const anIdentityServer = () => new IdentityServer(aPeer());
