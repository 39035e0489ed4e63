import {
  type ICreateClientOpts,
  type IStartClientOpts,
  type MatrixClient,
  type MatrixEvent,
  Method,
} from 'matrix-js-sdk';
import {
  type CryptoApi,
  CryptoEvent,
  decodeRecoveryKey,
  type DecryptionFailureCode,
  type VerificationRequest,
} from 'matrix-js-sdk/lib/crypto-api/index.js';
import { RustBackupManager } from 'matrix-js-sdk/lib/rust-crypto/backup.js';

import { until } from '../../support/node/until.ts';
import type { Credentials, Sdk } from './chat-client.ts';
import { JsSdkClient, jsSdk } from './js-sdk.ts';
import { NetworkLine } from './network-line.ts';
import { slidingSyncOf } from './sliding-js-sdk.ts';

/** The library spreads uploads to a backup over ten seconds. */
Object.assign(RustBackupManager, { maxBackupLoopStartDelayMillis: 0 });

/** What a message said, once it was decrypted. */
export interface ReadEvent {
  type: string;
  sender: string;
  content: Record<string, unknown>;
}

/** A device of matrix-js-sdk that encrypts. Its keys are in memory: it is started once. */
export class EncryptingClient extends JsSdkClient {
  readonly line = new NetworkLine();
  /** requests of others to verify this device or its user, in the order in which they came */
  readonly verificationRequests: VerificationRequest[] = [];
  readonly #password: string;
  /** of the secret storage, once it is known to this device */
  #storageKey: Uint8Array<ArrayBuffer> | undefined;

  constructor(credentials: Credentials, password: string) {
    super(credentials);
    this.#password = password;
  }

  protected override more(): Partial<ICreateClientOpts> {
    return {
      fetchFn: this.line.fetch,
      verificationMethods: ['m.sas.v1'],
      cryptoCallbacks: {
        getSecretStorageKey: async ({ keys }) => {
          const [keyId] = Object.keys(keys);
          return keyId === undefined || this.#storageKey === undefined ? null : [keyId, this.#storageKey];
        },
      },
    };
  }

  protected override async prepare(client: MatrixClient): Promise<Partial<IStartClientOpts>> {
    await client.initRustCrypto({ useIndexedDB: false });
    client.on(CryptoEvent.VerificationRequestReceived, (request) => void this.verificationRequests.push(request));
    return {};
  }

  /** Resolves when others can encrypt for it. */
  override async start(): Promise<void> {
    await super.start();
    await until(`the keys of ${this.userId}`, () => this.line.hasAnswerFrom('/keys/upload'));
  }

  get crypto(): CryptoApi {
    const crypto = this.client.getCrypto();
    if (crypto === undefined) throw new Error('the client has not started');
    return crypto;
  }

  /** Makes cross-signing keys, for which it gives the password if it is asked. */
  async crossSign({ anew = false } = {}): Promise<void> {
    await this.crypto.bootstrapCrossSigning({
      setupNewCrossSigning: anew,
      authUploadDeviceSigningKeys: (makeRequest) =>
        makeRequest({
          type: 'm.login.password',
          identifier: { type: 'm.id.user', user: this.userId },
          password: this.#password,
        }),
    });
  }

  /** Makes cross-signing keys, a secret storage that holds them, and a backup of keys. @returns the recovery key. */
  async setUpRecovery(): Promise<string> {
    await this.crossSign();
    const key = await this.crypto.createRecoveryKeyFromPassphrase();
    this.#storageKey = key.privateKey;
    await this.crypto.bootstrapSecretStorage({ createSecretStorageKey: async () => key, setupNewKeyBackup: true });
    if (key.encodedPrivateKey === undefined) throw new Error('the library showed no recovery key');
    return key.encodedPrivateKey;
  }

  /** Takes the cross-signing keys and the backup out of the secret storage. @returns how many room keys came. */
  async recover(recoveryKey: string): Promise<number> {
    this.#storageKey = decodeRecoveryKey(recoveryKey);
    if (!(await this.crypto.userHasCrossSigningKeys(this.userId, true))) throw new Error('there is nothing to recover');
    await this.crossSign();
    await this.crypto.loadSessionBackupPrivateKeyFromSecretStorage();
    await this.crypto.checkKeyBackupAndEnable();
    return (await this.crypto.restoreKeyBackup()).imported;
  }

  /** How many room keys the server keeps in the backup. */
  async backedUp(): Promise<number> {
    const backup = await this.client.http.authedRequest<{ count: number }>(Method.Get, '/room_keys/version');
    return backup.count;
  }

  /** What an encrypted event says; undefined while it has not come or cannot be decrypted. */
  async read(roomId: string, eventId: string): Promise<ReadEvent | undefined> {
    const event = await this.#encryptedEvent(roomId, eventId);
    if (event === undefined || event.isDecryptionFailure()) return undefined;
    return { type: event.getType(), sender: event.getSender() ?? '', content: event.getContent() };
  }

  /** Why an encrypted event cannot be decrypted; undefined while it has not come or can be. */
  async unreadable(roomId: string, eventId: string): Promise<DecryptionFailureCode | undefined> {
    return (await this.#encryptedEvent(roomId, eventId))?.decryptionFailureReason ?? undefined;
  }

  async #encryptedEvent(roomId: string, eventId: string): Promise<MatrixEvent | undefined> {
    const event = this.client.getRoom(roomId)?.findEventById(eventId);
    if (event === undefined) return undefined;
    if (!event.isEncrypted()) throw new Error(`${eventId} was sent in clear`);
    await this.client.decryptEventIfNeeded(event);
    return event;
  }
}

/** One that gets everything by sliding sync. */
class SlidingEncryptingClient extends EncryptingClient {
  protected override async prepare(client: MatrixClient): Promise<Partial<IStartClientOpts>> {
    await super.prepare(client);
    return { slidingSync: slidingSyncOf(client, { ranges: [[0, 9]], timeline_limit: 20 }) };
  }
}

const encrypting = (Kind: typeof EncryptingClient): Sdk<EncryptingClient> => ({
  name: 'matrix-js-sdk',
  seesEphemeral: true,
  async register(baseUrl, username, password) {
    const { credentials } = await jsSdk.register(baseUrl, username, password);
    return new Kind(credentials, password);
  },
  async login(baseUrl, username, password) {
    const { credentials } = await jsSdk.login(baseUrl, username, password);
    return new Kind(credentials, password);
  },
});

/** matrix-js-sdk with end-to-end encryption. */
export const encryptingJsSdk = encrypting(EncryptingClient);

/** The same over sliding sync. */
export const slidingEncryptingJsSdk = encrypting(SlidingEncryptingClient);
