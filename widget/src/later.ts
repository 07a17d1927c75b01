/** Sending what the network lost: once the browser is online, after a while, and with the next page. */

import type { Connection } from "./connection.ts";
import { keep, keptIn, post, type Send } from "./delivery.ts";
import { asDripError } from "./errors.ts";
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

const waiting = new WeakMap<Connection, Waiting>();

/** Sends what is kept, in order; returns whether anything was there to send. Calls made meanwhile share it. */
export async function flush(connection: Connection, send: Send = (query, variables) => connection.call(query, variables)): Promise<boolean> {
  // What is kept is one person's: who is here has to be known.
  if (!connection.visit) await connection.startVisit();
  const state = waitingOf(connection);
  state.flushing ??= flushOnce(connection, send, state).finally(() => (state.flushing = null));
  return state.flushing;
}

/** Sends what is kept before the first question is asked for; returns what to ask then, `next` when nothing was kept. */
export async function catchUp(connection: Connection, send: Send, query: string, variables: object, next: NextQuestion): Promise<NextQuestion> {
  if (!(await flush(connection, send))) return next;
  return ((await send(query, variables)) as { nextQuestion: NextQuestion | null }).nextQuestion ?? next;
}

/** Tries again after a while, and as soon as the browser is online. */
export function flushLater(connection: Connection): void {
  const state = waitingOf(connection);
  if (state.tries++ >= MOST_TRIES) return;
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** (state.tries - 1), LONGEST_PAUSE_MS);
  // With jitter, so that many browsers do not come back at the same moment.
  void connection.inside.wait(pause * (0.5 + Math.random() / 2)).then(() => flush(connection)).catch(() => undefined);
}

async function flushOnce(connection: Connection, send: Send, state: Waiting): Promise<boolean> {
  const { inside, visit } = connection;
  const kept = keptIn(connection).filter(({ askId }) => !inside.sending?.has(askId));
  for (const { profileId, ...parcel } of kept) {
    try {
      // An ask belongs to one person; whoever is here now may be another.
      if (profileId === visit?.profile.id) {
        const result = await post(connection, parcel, send);
        connection.tell({ type: "handled", parcel, result, isLate: true });
      }
    } catch (thrown) {
      if (inside.isTransient(thrown)) {
        flushLater(connection);
        break;
      }
      connection.tell({ type: "error", error: asDripError(thrown) });
    }
    keep(connection, parcel.askId);
    state.tries = 0;
  }
  return kept.length > 0;
}

function waitingOf(connection: Connection): Waiting {
  const found = waiting.get(connection);
  if (found) return found;
  const made: Waiting = { tries: 0, flushing: null };
  waiting.set(connection, made);
  globalThis.addEventListener?.("online", () => void flush(connection).catch(() => undefined));
  return made;
}
