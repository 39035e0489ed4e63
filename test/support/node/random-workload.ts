import type { Random } from '../simulator/random.ts';
import { type MatrixClient, MatrixRequestError } from './matrix-client.ts';

/** not allowed; another server could not be reached */
const FINE = new Set([403, 502]);

/** What random users do in random rooms. */
export class RandomWorkload {
  readonly #random: Random;
  readonly #users: readonly MatrixClient[];
  readonly #rooms: readonly string[];
  /** event IDs of messages by room */
  readonly #sent = new Map<string, { eventId: string; sender: MatrixClient }[]>();
  #count = 0;

  constructor(random: Random, users: readonly MatrixClient[], rooms: readonly string[]) {
    this.#random = random;
    this.#users = users;
    this.#rooms = rooms;
  }

  /** One deed of one of the users that may act now. Rooms refuse what they do not allow, and servers may be down. */
  async step(mayAct: (user: MatrixClient) => boolean): Promise<void> {
    const user = this.#random.pick(this.#users.filter(mayAct));
    const deed = this.#deed(user, this.#random.pick(this.#rooms));
    try {
      await deed();
    } catch (error) {
      if (!(error instanceof MatrixRequestError) || !FINE.has(error.status)) throw error;
    }
  }

  #deed(user: MatrixClient, roomId: string): () => Promise<unknown> {
    this.#count += 1;
    const number = this.#count;
    const room = `/rooms/${encodeURIComponent(roomId)}`;
    const sent = this.#sent.get(roomId) ?? [];
    const about = sent[this.#random.below(sent.length)];
    const kind = this.#random.weighted({
      say: 50,
      state: 18,
      react: 8,
      edit: 6,
      redact: 6,
      leave: 5,
      kick: 2,
      join: 10,
    });
    // The first user stays, so that no room is given up.
    const other = this.#random.pick(this.#users.slice(1));
    const stays = user === this.#users[0];
    const key = `key-${this.#random.below(3)}`;
    const say = (content: Record<string, unknown>) => async (): Promise<void> => {
      const eventId = await user.send(roomId, { msgtype: 'm.text', body: `deed ${number}`, ...content });
      this.#sent.set(roomId, [...(this.#sent.get(roomId) ?? []), { eventId, sender: user }]);
    };
    if (kind === 'leave' && !stays) return () => user.request('POST', `${room}/leave`, {});
    if (kind === 'join') return () => user.join(roomId, this.#users.map(serverOf));
    if (kind === 'kick') return () => user.request('POST', `${room}/kick`, { user_id: other.userId });
    if (kind === 'state') return () => user.sendState(roomId, 'org.example.deed', { number }, key);
    if (kind === 'say' || about === undefined) return say({});
    const { eventId, sender } = about;
    if (kind === 'edit') {
      return say({ 'm.new_content': { body: 'edited' }, 'm.relates_to': { rel_type: 'm.replace', event_id: eventId } });
    }
    if (kind === 'redact') {
      const path = `${room}/redact/${encodeURIComponent(eventId)}/${sender.nextTxnId()}`;
      return () => user.request('PUT', path, {});
    }
    const annotation = { rel_type: 'm.annotation', event_id: eventId, key: `${number}` };
    return () => user.send(roomId, { 'm.relates_to': annotation }, 'm.reaction');
  }
}

const serverOf = ({ userId }: MatrixClient): string => userId.slice(userId.indexOf(':') + 1);
