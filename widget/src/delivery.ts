/** Telling the server: what is said is kept in the browser until the server has spoken, so that a page that ends loses nothing. */

import type { DripNotice } from "./connection.ts";
import type { DripError } from "./errors.ts";
import { documentOf, type Parcel } from "./parcels.ts";
import type { Wait } from "./retrying.ts";
import type { Slot } from "./slot.ts";
import type { AskReport, AskResult } from "./types.ts";

export type Kept = Parcel & { profileId: string | null };

/** What a connection lends to whoever sends for it, so that no code need come twice. */
export interface Office {
  slot: Slot;
  /** The asks that are under way in this page. */
  sending: Set<string>;
  post: (query: string, variables: object, isPatient: boolean) => Promise<unknown>;
  profileId: () => string | null;
  tell: (notice: DripNotice) => void;
  wait: Wait;
  /** The fragment `Next`. */
  next: string;
  isTransient: (thrown: unknown) => boolean;
  asDripError: (thrown: unknown) => DripError;
}

/** Returns what the server said; `Kept` when it could not be reached. Raises DripError for everything else. */
export async function deliver(office: Office, parcel: Parcel): Promise<AskResult> {
  const { askId } = parcel;
  keep(office, askId, { ...parcel, profileId: office.profileId() });
  office.sending.add(askId);
  try {
    // Who is known to be offline need not wait for the last of several tries.
    const result = await send(office, parcel, globalThis.navigator?.onLine !== false);
    keep(office, askId);
    office.tell({ type: "handled", parcel, result, isLate: false });
    return result;
  } catch (thrown) {
    if (!office.isTransient(thrown)) {
      keep(office, askId);
      throw thrown;
    }
    sendLater(office);
    return { __typename: "Kept" };
  } finally {
    office.sending.delete(askId);
  }
}

export async function send(office: Office, { act, ...variables }: Parcel, isPatient: boolean): Promise<AskResult> {
  return ((await office.post(documentOf(act, office.next), variables, isPatient)) as { result: AskResult }).result;
}

/** Nothing depends on it, so it is tried once. */
export async function reportShown(
  connection: { request(query: string, variables: Record<string, unknown>): Promise<unknown> },
  askId: string,
  report: AskReport,
): Promise<void> {
  const query = `mutation ReportShown($askId: ID!, $report: AskReportInput) {
  reportShown(input: { askId: $askId, report: $report }) { __typename }
}`;
  await connection.request(query, { askId, report });
}

/** What is kept, oldest first; nothing where somebody else wrote there. */
export function keptIn({ slot }: Office): Kept[] {
  try {
    const kept: unknown = JSON.parse(slot.read() ?? "[]");
    return Array.isArray(kept) ? (kept as Kept[]) : [];
  } catch {
    return [];
  }
}

/** Replaces what is kept for an ask by `parcel`, or by nothing. */
export function keep(office: Office, askId: string, ...parcel: Kept[]): void {
  const kept = [...keptIn(office).filter((other) => other.askId !== askId), ...parcel];
  if (kept.length > 0) office.slot.write(JSON.stringify(kept));
  else office.slot.clear();
}

/** The part that sends later may itself be out of reach until the browser is online again. */
function sendLater(office: Office): void {
  import("./later.ts").then(
    (later) => later.flushLater(office),
    () => globalThis.addEventListener?.("online", () => sendLater(office), { once: true }),
  );
}
