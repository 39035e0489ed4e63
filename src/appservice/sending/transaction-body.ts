import type { DeviceKeyCounts, ToldDeviceLists } from './device-ports.ts';
import type { Recipient } from './transactions.ts';

const OLDER_EPHEMERAL = 'de.sorunome.msc2409.ephemeral';
/** Source: MSC4203, which is not stable yet. */
const TO_DEVICE = 'de.sorunome.msc2409.to_device';
/** Source: MSC3202, which is not stable yet. */
const DEVICES = 'org.matrix.msc3202';
const MAX_EVENTS = 100;
const MAX_MESSAGES = 100;
/** Leaves place for events, which would else wait until there is no message any more. */
const MAX_MESSAGE_BYTES = 400_000;
/** Of all parts together, as they are written. A row holds two megabytes. */
const MAX_BYTES = 1_000_000;
/** What alone is more, as receipts after a long outage in a room of very many readers, is not told. */
const MAX_EPHEMERAL_BYTES = 250_000;

/** One transaction while it is put together. All parts share one number of bytes. */
export class TransactionBody {
  readonly #events: string[] = [];
  readonly #ephemeral: string[] = [];
  readonly #messages: string[] = [];
  /** By which names the ephemeral part is written, each time whole. */
  readonly #names: readonly string[];
  /** News of devices, each with its name and a comma before it. */
  #devices = '';
  #bytes = 0;

  constructor({
    receivesEphemeral,
    knowsOlderEphemeral,
  }: Pick<Recipient, 'receivesEphemeral' | 'knowsOlderEphemeral'>) {
    this.#names = receivesEphemeral ? ['ephemeral', ...(knowsOlderEphemeral ? [OLDER_EPHEMERAL] : [])] : [];
  }

  get events(): number {
    return this.#events.length;
  }

  isEmpty(): boolean {
    return this.#events.length + this.#ephemeral.length + this.#messages.length + this.#devices.length === 0;
  }

  /** Messages to devices come before everything else. @returns false where it does not fit any more. */
  addMessage(text: string): boolean {
    const bytes = bytesOf([text]);
    const isFull = this.#messages.length === MAX_MESSAGES || this.#bytes + bytes > MAX_MESSAGE_BYTES;
    if (isFull && this.#messages.length > 0) return false;
    this.#messages.push(text);
    this.#bytes += bytes;
    return true;
  }

  /** Whether what a room has fits, all of it. */
  hasPlaceFor(events: readonly string[], ephemeral: readonly string[]): boolean {
    const bytes = bytesOf(events) + bytesOf(ephemeral) * this.#names.length;
    return this.#events.length + events.length <= MAX_EVENTS && this.#bytes + bytes <= MAX_BYTES;
  }

  addEvents(events: readonly string[]): void {
    this.#events.push(...events);
    this.#bytes += bytesOf(events);
  }

  /** @returns false where it does not fit any more. */
  addEphemeral(text: string): boolean {
    const bytes = bytesOf([text]);
    if (this.#names.length === 0 || bytes > MAX_EPHEMERAL_BYTES) return true;
    const written = bytes * this.#names.length;
    if (this.#bytes + written > MAX_BYTES) return false;
    this.#ephemeral.push(text);
    this.#bytes += written;
    return true;
  }

  /** Whose number is bounded, and which do not count to the bytes of the others. */
  addDevices(lists: ToldDeviceLists, counts: readonly DeviceKeyCounts[]): void {
    if (lists.changed.length + lists.left.length > 0) {
      this.#devices += `,"${DEVICES}.device_lists":${JSON.stringify(lists)}`;
    }
    if (counts.length === 0) return;
    const oneTimeKeys = byUser(counts, (device) => device.oneTimeKeys);
    const unusedFallbackKeys = byUser(counts, (device) => device.unusedFallbackKeys);
    this.#devices += `,"${DEVICES}.device_one_time_keys_count":${JSON.stringify(oneTimeKeys)}`;
    this.#devices += `,"${DEVICES}.device_unused_fallback_key_types":${JSON.stringify(unusedFallbackKeys)}`;
  }

  dropEphemeral(): void {
    this.#ephemeral.length = 0;
  }

  /** Source: Application Service API, "Pushing events"; MSC2409 for the older name; MSC4203 for messages to devices; MSC3202. */
  json(): string {
    const list = `[${this.#ephemeral.join(',')}]`;
    const names = this.#ephemeral.length === 0 ? [] : this.#names;
    const messages = this.#messages.length === 0 ? '' : `,"${TO_DEVICE}":[${this.#messages.join(',')}]`;
    return `{"events":[${this.#events.join(',')}]${names.map((name) => `,"${name}":${list}`).join('')}${messages}${this.#devices}}`;
  }
}

function byUser(counts: readonly DeviceKeyCounts[], value: (device: DeviceKeyCounts) => object): object {
  const users = Map.groupBy(counts, ({ userId }) => userId);
  return Object.fromEntries(
    [...users].map(([userId, devices]) => [
      userId,
      Object.fromEntries(devices.map((device) => [device.deviceId, value(device)])),
    ]),
  );
}

const bytesOf = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
