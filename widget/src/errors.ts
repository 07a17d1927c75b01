/** The one error of the widget: a code to branch on and a sentence for the developer. */

/**
 * The server's own codes (TOKEN_EXPIRED, KEY_INVALID, ORIGIN_NOT_ALLOWED, …) pass through as they are.
 * NETWORK: no answer came. UNAVAILABLE: the server asks for patience. BAD_RESPONSE: what answered is no GraphQL server.
 */
export type DripErrorCode =
  | "BAD_CONFIGURATION"
  | "BAD_RESPONSE"
  | "FORBIDDEN"
  | "GRAPHQL"
  | "KEY_INVALID"
  | "NETWORK"
  | "ORIGIN_NOT_ALLOWED"
  | "POPUP_BLOCKED"
  | "SIGN_IN_FAILED"
  | "SIGN_IN_SUPERSEDED"
  | "STORAGE_DENIED"
  | "TOKEN_EXPIRED"
  | "TOKEN_INVALID"
  | "UNAVAILABLE"
  | "UNKNOWN_ASK"
  | "UNKNOWN_KIND"
  | (string & {});

export class DripError extends Error {
  override readonly name = "DripError";
  readonly code: DripErrorCode;

  constructor(code: DripErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** Anything thrown, as a DripError. */
export function asDripError(thrown: unknown): DripError {
  return thrown instanceof DripError ? thrown : new DripError("UNEXPECTED", String(thrown), thrown);
}
