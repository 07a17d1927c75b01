/** Telling the server: what is said is kept in the browser until the server has spoken, so that a page that ends loses nothing. */

import type { Connection } from "./connection.ts";
import { documentOf, type Parcel } from "./parcels.ts";
import type { AskReport, AskResult } from "./types.ts";

export type Kept = Parcel & { profileId: string | null };

/** Sends a document with its variables, and returns the data. */
export type Send = (query: string, variables: object) => Promise<unknown>;

/** Returns what the server said; `Kept` when it could not be reached. Raises DripError for everything else. */
export async function deliver(connection: Connection, parcel: Parcel): Promise<AskResult> {
  const { inside } = connection;
  const { askId } = parcel;
  const sending = (inside.sending ??= new Set());
  keep(connection, askId, { ...parcel, profileId: connection.visit?.profile.id ?? null });
  sending.add(askId);
  try {
    // Who is known to be offline need not wait for the last of several tries.
    const isPatient = globalThis.navigator?.onLine !== false;
    const result = await post(connection, parcel, (query, variables) => connection.call(query, variables, isPatient));
    keep(connection, askId);
    connection.tell({ type: "handled", parcel, result, isLate: false });
    return result;
  } catch (thrown) {
    if (!inside.isTransient(thrown)) {
      keep(connection, askId);
      throw thrown;
    }
    sendLater(connection);
    return { __typename: "Kept" };
  } finally {
    sending.delete(askId);
  }
}

export async function post({ inside }: Connection, { act, ...input }: Parcel, send: Send): Promise<AskResult> {
  return ((await send(documentOf(act, inside.next), { input })) as { result: AskResult }).result;
}

/** Tells that an ask is in sight. */
export const REPORT_SHOWN = `mutation($input: ReportShownInput!) { reportShown(input: $input) { __typename } }`;

/** Nothing depends on it, so it is tried once. */
export async function reportShown(
  connection: { request(query: string, variables: Record<string, unknown>): Promise<unknown> },
  askId: string,
  report: AskReport,
): Promise<void> {
  await connection.request(REPORT_SHOWN, { input: { askId, report } });
}

/** What is kept, oldest first; nothing where somebody else wrote there. */
export function keptIn({ inside }: Connection): Kept[] {
  try {
    const kept: unknown = JSON.parse(inside.kept.read() ?? "[]");
    return Array.isArray(kept) ? (kept as Kept[]) : [];
  } catch {
    return [];
  }
}

/** Replaces what is kept for an ask by `parcel`, or by nothing. */
export function keep(connection: Connection, askId: string, ...parcel: Kept[]): void {
  const kept = [...keptIn(connection).filter((other) => other.askId !== askId), ...parcel];
  if (kept.length > 0) connection.inside.kept.write(JSON.stringify(kept));
  else connection.inside.kept.clear();
}

/** The part that sends later may itself be out of reach until the browser is online again. */
function sendLater(connection: Connection): void {
  import("./later.ts").then(
    ({ flushLater }) => flushLater(connection),
    () => globalThis.addEventListener?.("online", () => sendLater(connection), { once: true }),
  );
}
