import type { Registration } from '../../../appservice/ports.ts';

/** A registration as it is shown: as it is given, without its tokens. */
export const appserviceAnswer = (registration: Registration) => ({
  id: registration.id,
  url: registration.url ?? null,
  sender_localpart: registration.senderLocalpart,
  namespaces: registration.namespaces,
  rate_limited: registration.rateLimited,
  protocols: registration.protocols,
  receive_ephemeral: registration.receivesEphemeral,
  'org.matrix.msc3202': registration.receivesDeviceChanges,
  'eyrie.admin': registration.isAdmin,
  'eyrie.echo': registration.echo,
});
