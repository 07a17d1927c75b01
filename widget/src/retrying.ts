/** Trying again, for calls that may safely happen twice. */

import { isTransient, type DripError } from "./errors.ts";

/** About six seconds in all: long enough for a restart, short enough for somebody who is waiting. */
const PAUSES_MS = [500, 1500, 4000];

export type Wait = (milliseconds: number) => Promise<void>;

export const waitOnTheClock: Wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A server that asks for more patience than this is away. */
const LONGEST_WAIT_MS = 10_000;

/** Tries at most four times, no sooner than the server asked for, with jitter so that many browsers do not come back at the same moment. */
export async function retrying<T>(attempt: () => Promise<T>, wait: Wait): Promise<T> {
  for (const pause of PAUSES_MS) {
    try {
      return await attempt();
    } catch (thrown) {
      const asked = patienceOf(thrown);
      if (!isTransient(thrown) || asked > LONGEST_WAIT_MS) throw thrown;
      await wait(asked + pause * (0.5 + Math.random() / 2));
    }
  }
  return attempt();
}

/** What the server asked for, in milliseconds. */
export function patienceOf(thrown: unknown): number {
  return Number((thrown as DripError).cause) * 1000 || 0;
}
