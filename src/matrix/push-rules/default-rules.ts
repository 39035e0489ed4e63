import type { UserId } from '../ids/brands.ts';
import type { PushRule, Ruleset } from './ruleset.ts';

const SOUND = { set_tweak: 'sound', value: 'default' };
const HIGHLIGHT = { set_tweak: 'highlight' };

const eventMatch = (key: string, pattern: string) => ({ kind: 'event_match', key, pattern });

type Definition = Pick<PushRule, 'conditions' | 'actions'> & { readonly isOff?: boolean };

const rule = (id: string, { conditions = [], actions, isOff = false }: Definition): PushRule => ({
  rule_id: id,
  default: true,
  enabled: !isOff,
  conditions,
  actions,
});

/** Before all others, also the user's own. */
export const MASTER_RULE = '.m.rule.master';

/**
 * The predefined rules of a user, the most important first.
 * Source: Client-Server API, "Push Rules", "Predefined Rules" (as of 1.17, without those that looked into `body`).
 */
export function defaultRules(userId: UserId): Ruleset {
  return {
    override: [
      rule(MASTER_RULE, { actions: [], isOff: true }),
      rule('.m.rule.suppress_notices', { conditions: [eventMatch('content.msgtype', 'm.notice')], actions: [] }),
      rule('.m.rule.invite_for_me', {
        conditions: [
          eventMatch('type', 'm.room.member'),
          eventMatch('content.membership', 'invite'),
          eventMatch('state_key', userId),
        ],
        actions: ['notify', SOUND],
      }),
      rule('.m.rule.member_event', { conditions: [eventMatch('type', 'm.room.member')], actions: [] }),
      rule('.m.rule.is_user_mention', {
        conditions: [{ kind: 'event_property_contains', key: String.raw`content.m\.mentions.user_ids`, value: userId }],
        actions: ['notify', SOUND, HIGHLIGHT],
      }),
      rule('.m.rule.is_room_mention', {
        conditions: [
          { kind: 'event_property_is', key: String.raw`content.m\.mentions.room`, value: true },
          { kind: 'sender_notification_permission', key: 'room' },
        ],
        actions: ['notify', HIGHLIGHT],
      }),
      rule('.m.rule.tombstone', {
        conditions: [eventMatch('type', 'm.room.tombstone'), eventMatch('state_key', '')],
        actions: ['notify', HIGHLIGHT],
      }),
      rule('.m.rule.reaction', { conditions: [eventMatch('type', 'm.reaction')], actions: [] }),
      rule('.m.rule.room.server_acl', {
        conditions: [eventMatch('type', 'm.room.server_acl'), eventMatch('state_key', '')],
        actions: [],
      }),
      rule('.m.rule.suppress_edits', {
        conditions: [
          { kind: 'event_property_is', key: String.raw`content.m\.relates_to.rel_type`, value: 'm.replace' },
        ],
        actions: [],
      }),
    ],
    content: [],
    room: [],
    sender: [],
    underride: underrides(),
  };
}

function underrides(): readonly PushRule[] {
  const ofTwo = { kind: 'room_member_count', is: '2' };
  return [
    rule('.m.rule.call', {
      conditions: [eventMatch('type', 'm.call.invite')],
      actions: ['notify', { set_tweak: 'sound', value: 'ring' }],
    }),
    rule('.m.rule.encrypted_room_one_to_one', {
      conditions: [ofTwo, eventMatch('type', 'm.room.encrypted')],
      actions: ['notify', SOUND],
    }),
    rule('.m.rule.room_one_to_one', {
      conditions: [ofTwo, eventMatch('type', 'm.room.message')],
      actions: ['notify', SOUND],
    }),
    rule('.m.rule.message', { conditions: [eventMatch('type', 'm.room.message')], actions: ['notify'] }),
    rule('.m.rule.encrypted', { conditions: [eventMatch('type', 'm.room.encrypted')], actions: ['notify'] }),
  ];
}
