/**
 * An error that the Matrix API knows: HTTP status, errcode, a sentence for people, and the errcode's own fields.
 * Source: Client-Server API, "Standard error response".
 */
export class MatrixError extends Error {
  readonly status: number;
  readonly errcode: string;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(status: number, errcode: string, message: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'MatrixError';
    this.status = status;
    this.errcode = errcode;
    this.extra = extra;
  }
}

/**
 * The 401 that begins user-interactive authentication. It is no error yet: an answer with an errcode would look like a
 * try that failed. Source: Client-Server API, "User-interactive API in the REST API".
 */
export class AuthenticationNeeded extends MatrixError {
  constructor(flows: Readonly<Record<string, unknown>>) {
    super(401, 'M_UNAUTHORIZED', 'Authentication is needed', flows);
  }
}

/**
 * What clients of the OAuth 2.0 API are told, in the form of that. Source: RFC 6749, 5.2.
 */
export class OAuthError extends MatrixError {
  readonly code: string;

  constructor(code: string, message: string, status = 400) {
    super(status, 'M_UNKNOWN', message);
    this.code = code;
  }
}

const factory =
  (status: number, errcode: string) =>
  (message: string, extra: Readonly<Record<string, unknown>> = {}) =>
    new MatrixError(status, errcode, message, extra);

export const badAlias = factory(400, 'M_BAD_ALIAS');
export const badJson = factory(400, 'M_BAD_JSON');
export const badState = factory(400, 'M_BAD_STATE');
export const duplicateAnnotation = factory(400, 'M_DUPLICATE_ANNOTATION');
export const exclusive = factory(400, 'M_EXCLUSIVE');
export const cannotOverwriteMedia = factory(409, 'M_CANNOT_OVERWRITE_MEDIA');
export const forbidden = factory(403, 'M_FORBIDDEN');
export const guestAccessForbidden = factory(403, 'M_GUEST_ACCESS_FORBIDDEN');
export const incompatibleRoomVersion = factory(400, 'M_INCOMPATIBLE_ROOM_VERSION');
export const invalidParam = factory(400, 'M_INVALID_PARAM');
export const invalidRoomState = factory(400, 'M_INVALID_ROOM_STATE');
export const invalidSignature = factory(400, 'M_INVALID_SIGNATURE');
export const invalidUsername = factory(400, 'M_INVALID_USERNAME');
export const keyTooLarge = factory(400, 'M_KEY_TOO_LARGE');
export const limitExceeded = factory(429, 'M_LIMIT_EXCEEDED');
export const missingParam = factory(400, 'M_MISSING_PARAM');
export const missingToken = factory(401, 'M_MISSING_TOKEN');
export const notFound = factory(404, 'M_NOT_FOUND');
export const notYetUploaded = factory(504, 'M_NOT_YET_UPLOADED');
export const notJson = factory(400, 'M_NOT_JSON');
export const profileTooLarge = factory(400, 'M_PROFILE_TOO_LARGE');
export const roomInUse = factory(400, 'M_ROOM_IN_USE');
export const tooLarge = factory(413, 'M_TOO_LARGE');
export const unauthorized = factory(401, 'M_UNAUTHORIZED');
export const unknown = factory(400, 'M_UNKNOWN');
export const unknownDevice = factory(400, 'M_UNKNOWN_DEVICE');
/** Source: MSC4186, "Connections". */
export const unknownPos = factory(400, 'M_UNKNOWN_POS');
export const unknownToken = factory(401, 'M_UNKNOWN_TOKEN');
export const unrecognized = factory(404, 'M_UNRECOGNIZED');
/** Application Service API, "Pinging". */
export const urlNotSet = factory(400, 'M_URL_NOT_SET');
export const badStatus = factory(502, 'M_BAD_STATUS');
export const connectionFailed = factory(502, 'M_CONNECTION_FAILED');
export const connectionTimeout = factory(504, 'M_CONNECTION_TIMEOUT');
/** Application Service API, "Querying". */
export const noAnswerInTime = factory(408, 'M_UNKNOWN');
export const unsupportedRoomVersion = factory(400, 'M_UNSUPPORTED_ROOM_VERSION');
export const userDeactivated = factory(403, 'M_USER_DEACTIVATED');
export const userInUse = factory(400, 'M_USER_IN_USE');
/** Source: Client-Server API, "Invite permission". */
export const inviteBlocked = factory(403, 'M_INVITE_BLOCKED');
export const wrongRoomKeysVersion = factory(403, 'M_WRONG_ROOM_KEYS_VERSION');
export const userSuspended = factory(403, 'M_USER_SUSPENDED');

/** Its sessions stay. Source: Client-Server API, "Account locking". */
export const userLocked = (message: string): MatrixError =>
  new MatrixError(401, 'M_USER_LOCKED', message, { soft_logout: true });

/** Its `admin_contact` is required. */
export const resourceLimitExceeded = factory(403, 'M_RESOURCE_LIMIT_EXCEEDED');
/** Its `info_uri` is required. */
export const userLimitExceeded = factory(403, 'M_USER_LIMIT_EXCEEDED');

/** A file of another server. Source: Client-Server API, "Content repository", "Security considerations". */
export const remoteTooLarge = factory(502, 'M_TOO_LARGE');

/** Restricted joins, both with 400. Source: Server-Server API, "Restricted rooms". */
export const unableToAuthoriseJoin = factory(400, 'M_UNABLE_TO_AUTHORISE_JOIN');
export const unableToGrantJoin = factory(400, 'M_UNABLE_TO_GRANT_JOIN');

/** The refused method on a known path. Source: Client-Server API, "Common error codes", `M_UNRECOGNIZED`. */
export const methodNotAllowed = factory(405, 'M_UNRECOGNIZED');

/** The alias exists already. Source: Client-Server API, `PUT /directory/room/{roomAlias}`. */
export const aliasExists = factory(409, 'M_UNKNOWN');

/** Another server or one of our own objects could not be reached: the caller may try again. */
export const unavailable = factory(503, 'M_UNKNOWN');
export const badGateway = factory(502, 'M_UNKNOWN');
export const internalError = factory(500, 'M_UNKNOWN');

/**
 * NOTSPEC: our own codes begin with `EYRIE_`; the specification wants a namespace in the form of a domain
 * (`COM.MYDOMAIN.HERE_…`).
 */
export const eyrieConflict = factory(409, 'EYRIE_CONFLICT');
/** A setting says that it is not done. */
export const eyrieDisabled = factory(409, 'EYRIE_DISABLED');
export const eyrieInvalidSetting = factory(400, 'EYRIE_INVALID_SETTING');
/** Why somebody of another server is not reached: our own settings, their server, or there is no such user. */
export const eyriePolicyDenied = factory(403, 'EYRIE_POLICY_DENIED');
/** The user's own call, where a setting lets only some meet other servers. */
export const eyrieUserNotEligible = factory(403, 'EYRIE_USER_NOT_ELIGIBLE');
export const eyrieConnectionFailed = factory(502, 'EYRIE_CONNECTION_FAILED');
export const eyrieUserNotFound = factory(404, 'EYRIE_USER_NOT_FOUND');
