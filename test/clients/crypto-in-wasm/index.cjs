// In place of native code that its install script would fetch from elsewhere: what matrix-bot-sdk calls of it, by the same
// library in WebAssembly. Keys are in memory.
const wasm = require('@matrix-org/matrix-sdk-crypto-wasm');

const { Attachment, DeviceId, DeviceLists, EncryptedAttachment, EncryptionSettings, RequestType, RoomId, UserId } =
  wasm;

/** The native library says whom and what kind in the body, too. */
function toDevice({ id, type, body, event_type, txn_id }) {
  const { messages } = JSON.parse(body);
  return { id, type, txnId: txn_id, eventType: event_type, body: JSON.stringify({ event_type, txn_id, messages }) };
}

/** WebAssembly takes away what it is given in a list. */
const copies = (users) => users.map((user) => user.clone());

class OlmMachine {
  #machine;

  static async initialize(userId, deviceId) {
    const made = new OlmMachine();
    made.#machine = await wasm.OlmMachine.initialize(userId, deviceId);
    return made;
  }

  get identityKeys() {
    return this.#machine.identityKeys;
  }

  async receiveSyncChanges(events, lists, counts, unusedFallbackKeys) {
    // Of a count that is missing nothing follows.
    const received = await this.#machine.receiveSyncChangesMsc4186(
      events,
      lists,
      new Map(Object.entries(counts)),
      new Set(unusedFallbackKeys),
    );
    return JSON.stringify(received.map(({ rawEvent }) => JSON.parse(rawEvent)));
  }

  async outgoingRequests() {
    const requests = await this.#machine.outgoingRequests();
    return requests.map((request) => (request.type === RequestType.ToDevice ? toDevice(request) : request));
  }

  markRequestAsSent(id, type, response) {
    return this.#machine.markRequestAsSent(id, type, response);
  }

  updateTrackedUsers(users) {
    return this.#machine.updateTrackedUsers(copies(users));
  }

  getMissingSessions(users) {
    return this.#machine.getMissingSessions(copies(users));
  }

  async shareRoomKey(roomId, users, settings) {
    return (await this.#machine.shareRoomKey(roomId, copies(users), settings)).map(toDevice);
  }

  encryptRoomEvent(roomId, type, content) {
    return this.#machine.encryptRoomEvent(roomId, type, content);
  }

  decryptRoomEvent(event, roomId) {
    const settings = new wasm.DecryptionSettings(wasm.TrustRequirement.Untrusted);
    return this.#machine.decryptRoomEvent(event, roomId, settings);
  }
}

module.exports = {
  Attachment,
  DeviceId,
  DeviceLists,
  EncryptedAttachment,
  EncryptionSettings,
  OlmMachine,
  RoomId,
  StoreType: { Sled: 0, Sqlite: 1 },
  UserId,
};
