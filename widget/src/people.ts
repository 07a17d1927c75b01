/** Somebody signs in, beside the page or by their backend's word, or out; a page stays open: comes when it is wanted. */

import type { Connection, Inside } from "./connection.ts";
import { RENEW_VIEWER_TOKEN, type FreshToken } from "./documents.ts";
import { createDraft } from "./draft.ts";
import { asDripError } from "./errors.ts";
import * as signing from "./signing.ts";
import type { StartedVisit } from "./types.ts";

/** Before a viewer token ends, for a clock that runs late and a network that is slow. */
const RENEWAL_MARGIN_MS = 60_000;
const LEAST_PAUSE_MS = 1_000;

const timers = new WeakMap<Inside, ReturnType<typeof setTimeout>>();

export const SIGN_OUT = "mutation SignOut { signOut { __typename } }";

/** See DripClient.signInUrl. */
export function signInUrl({ inside }: Connection, provider: string, returnTo?: string): Promise<string> {
  return signing.signInUrl(inside.signingIn, provider, returnTo);
}

/** Leaves for the provider. */
export async function signIn(connection: Connection, provider: string): Promise<void> {
  const url = await signInUrl(connection, provider);
  await sendKept(connection);
  location.assign(url);
}

/** See DripClient.signInWithPopup. */
export async function signInWithPopup(connection: Connection, provider: string): Promise<StartedVisit> {
  const { inside } = connection;
  const back = await signing.signInWithPopup(inside.signingIn, provider);
  await inside.starting?.catch(() => undefined);
  await sendKept(connection);
  if (back !== "elsewhere") inside.signingIn.broughtBack = back;
  const visit = await connection.startVisit();
  if (back !== "elsewhere" && connection.signInError) throw connection.signInError;
  return visit;
}

/** See DripClient.identify. */
export async function identify(connection: Connection, identityToken: string, placement?: string): Promise<StartedVisit> {
  await connection.inside.starting?.catch(() => undefined);
  await sendKept(connection);
  connection.tokenSource = async () => identityToken;
  return connection.startVisit(placement === undefined ? {} : { placement });
}

/** Asks the host's backend who is there: a token as text, or nothing (or no success) for nobody. */
export async function tokenFrom(url: string): Promise<string | null> {
  try {
    const response = await fetch(url, { method: "POST", credentials: "same-origin", headers: { Accept: "text/plain" } });
    return response.ok ? (await response.text()).trim() || null : null;
  } catch {
    return null;
  }
}

/** See DripClient.signOut. */
export async function signOut(connection: Connection, placement?: string): Promise<StartedVisit> {
  const { viewerToken, resumeToken } = connection.inside;
  connection.tell({ type: "gone" });
  try {
    await sendKept(connection);
    if (viewerToken ?? resumeToken.read()) await connection.request(SIGN_OUT);
  } catch (thrown) {
    // Somebody at a shared computer wants to be gone even when the server is away.
    connection.tell({ type: "error", error: asDripError(thrown) });
  }
  return reset(connection, placement);
}

/** An ask is one person's alone: what they said goes before they become, or leave to, somebody else. */
async function sendKept(connection: Connection): Promise<void> {
  if (connection.inside.kept.read()) await import("./later.ts").then(({ flush }) => flush(connection)).catch(() => undefined);
}

/** See DripClient.reset. */
export async function reset(connection: Connection, placement?: string): Promise<StartedVisit> {
  // A visit that is just beginning would bring the old person back.
  await connection.inside.starting?.catch(() => undefined);
  connection.forget();
  createDraft(connection).clear();
  return connection.startVisit(placement === undefined ? {} : { placement });
}

/** Renews the viewer token in the background a minute before it ends, so that nobody waits, and whoever types goes on typing. */
export function keepFresh({ inside }: Pick<Connection, "inside">): void {
  clearTimeout(timers.get(inside));
  if (!(inside.expiresAt > Date.now())) return;
  const pause = Math.max(inside.expiresAt - Date.now() - RENEWAL_MARGIN_MS, LEAST_PAUSE_MS);
  const timer = setTimeout(() => void renew({ inside }), pause);
  // Node has a process that should end.
  (timer as { unref?: () => void }).unref?.();
  timers.set(inside, timer);
}

/** When it fails, the next request finds that the token has ended, and begins the visit anew. */
async function renew({ inside }: Pick<Connection, "inside">): Promise<void> {
  const used = inside.viewerToken;
  const resumeToken = inside.resumeToken.read();
  if (!resumeToken || inside.starting) return;
  const data = await inside.postWithKey(RENEW_VIEWER_TOKEN, { resumeToken }).catch(() => null);
  const fresh = (data as { renewViewerToken: Partial<FreshToken> } | null)?.renewViewerToken;
  if (!fresh?.viewerToken || inside.viewerToken !== used) return;
  inside.viewerToken = fresh.viewerToken;
  inside.expiresAt = Date.now() + (fresh.expiresInSeconds ?? 0) * 1000;
  keepFresh({ inside });
}
