import { log } from './log.ts';

/** A request ended in an error that nobody foresaw. */
export function requestFailed(fields: { method: string; path: string; error: unknown }): void {
  const { method, path, error } = fields;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log('error', 'request_failed', { method, path, error: stack });
}

/** A stored setting cannot be read: the default is in force, and federation is off if it is one of federation. */
export function settingDamaged(fields: { key: string }): void {
  log('error', 'setting_damaged', fields);
}

export function settingsChanged(fields: { by: string; keys: string; revision: number }): void {
  log('info', 'settings_changed', fields);
}

/** The decision of an event threw: it is parked, and the room goes on without it. */
export function decisionFailed(fields: { roomId: string; eventId: string; attempts: number; error: string }): void {
  log('error', 'decision_failed', fields);
}

/** A room threw, was reset, is overloaded or too slow while it was given events of another server. */
export function roomDidNotTake(fields: { roomId: string; origin: string; error: unknown }): void {
  const { roomId, origin, error } = fields;
  log('error', 'room_did_not_take', { roomId, origin, error: error instanceof Error ? error.message : String(error) });
}

/** EDUs for another server, such as messages to devices, that it refuses or has not taken for too long. */
export function edusLost(fields: { server: string; count: number; reason: string }): void {
  log('error', 'edus_lost', fields);
}

/** A room is nearly as large as an object may be: events of the server that fills it are refused. */
export function roomIsFull(fields: { roomId: string; server: string }): void {
  log('error', 'room_is_full', fields);
}

/** Servers of a room refuse us its state or history: we may have been removed from it while we were away. */
export function roomIsDoubtful(fields: { roomId: string; servers: string }): void {
  log('error', 'room_is_doubtful', fields);
}
