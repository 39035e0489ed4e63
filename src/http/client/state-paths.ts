/** The state key defaults to the empty string, and the slash before an empty one is optional. */
export const statePaths = [
  '/_matrix/client/v3/rooms/:roomId/state/:eventType',
  '/_matrix/client/v3/rooms/:roomId/state/:eventType/',
  '/_matrix/client/v3/rooms/:roomId/state/:eventType/:stateKey',
] as const;
