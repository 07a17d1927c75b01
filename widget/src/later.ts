/** Sending what the network lost: once the browser is online, after a while, and with the next page. */

import { keep, keptIn, send, type Office } from "./delivery.ts";
import type { NextQuestion } from "./types.ts";

/** Twice as long from one try to the next, up to a minute. */
const FIRST_PAUSE_MS = 4_000;
const LONGEST_PAUSE_MS = 60_000;
/** After so many tries only being online again, or the next page, brings another. */
const MOST_TRIES = 30;

interface Waiting {
  tries: number;
  flushing: Promise<boolean> | null;
}

/** By the slot, which every loan of one office shares. */
const waiting = new WeakMap<object, Waiting>();

/** Sends what is kept, in order; returns whether anything was there to send. Calls made meanwhile share it. */
export function flush(office: Office): Promise<boolean> {
  const state = waitingOf(office);
  state.flushing ??= flushOnce(office, state).finally(() => (state.flushing = null));
  return state.flushing;
}

/** Sends what is kept before the first question is asked for; returns what to ask then, `next` when nothing was kept. */
export async function catchUp(office: Office, query: string, variables: object, next: NextQuestion): Promise<NextQuestion> {
  if (!(await flush(office))) return next;
  return ((await office.post(query, variables, false)) as { nextQuestion: NextQuestion | null }).nextQuestion ?? next;
}

/** Tries again after a while, and as soon as the browser is online. */
export function flushLater(office: Office): void {
  const state = waitingOf(office);
  if (state.tries++ >= MOST_TRIES) return;
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** (state.tries - 1), LONGEST_PAUSE_MS);
  void office.wait(pause).then(() => flush(office));
}

async function flushOnce(office: Office, state: Waiting): Promise<boolean> {
  const kept = keptIn(office).filter(({ askId }) => !office.sending.has(askId));
  for (const { profileId, ...parcel } of kept) {
    try {
      // An ask belongs to one person; whoever is here now may be another.
      if (profileId === office.profileId()) {
        const result = await send(office, parcel, false);
        office.tell({ type: "handled", parcel, result, isLate: true });
      }
    } catch (thrown) {
      if (office.isTransient(thrown)) {
        flushLater(office);
        break;
      }
      office.tell({ type: "error", error: office.asDripError(thrown) });
    }
    keep(office, parcel.askId);
    state.tries = 0;
  }
  return kept.length > 0;
}

function waitingOf(office: Office): Waiting {
  const found = waiting.get(office.slot);
  if (found) return found;
  const made: Waiting = { tries: 0, flushing: null };
  waiting.set(office.slot, made);
  globalThis.addEventListener?.("online", () => void flush(office));
  return made;
}
