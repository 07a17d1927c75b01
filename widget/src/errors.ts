/** The one error of the widget: a code to branch on and a sentence for the developer. */

/**
 * The server's own codes (TOKEN_EXPIRED, KEY_INVALID, ORIGIN_NOT_ALLOWED, …) pass through as they are.
 * NETWORK: no answer came. UNAVAILABLE: the server asks for patience, for `cause` seconds. BAD_RESPONSE: what answered is no GraphQL server.
 */
export type DripErrorCode =
  | "BAD_ATTRIBUTE"
  | "BAD_CONFIGURATION"
  | "BAD_RESPONSE"
  | "FORBIDDEN"
  | "GRAPHQL"
  | "IDENTITY_TOKEN_INVALID"
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

/** Anything thrown, as a DripError; told by its name, because each part of the widget brings the class along. */
export function asDripError(thrown: unknown): DripError {
  const isOne = thrown instanceof Error && thrown.name === "DripError";
  return isOne ? (thrown as DripError) : new DripError("UNEXPECTED", String(thrown), thrown);
}

/** Whether the same request may work in a moment. */
export function isTransient(thrown: unknown): boolean {
  return /^(NETWORK|UNAVAILABLE)$/.test(asDripError(thrown).code);
}
