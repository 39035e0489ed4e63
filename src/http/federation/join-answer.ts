import type { ServerName } from '../../matrix/ids/brands.ts';
import type { AcceptedMembership } from '../../rooms/receive-membership.ts';
import type { AnswerFields } from './pdu-answer.ts';

/** What the joining server needs to be in the room: all of its state, whatever it would do without. */
export const joinAnswer = (serverName: ServerName, accepted: AcceptedMembership): AnswerFields => ({
  origin: JSON.stringify(serverName),
  members_omitted: 'false',
  servers_in_room: JSON.stringify(accepted.serversInRoom),
  event: accepted.event,
  state: accepted.state,
  auth_chain: accepted.authChain,
});
