/** Trying again, for calls that may safely happen twice. */

import { isTransient } from "./errors.ts";

/** About six seconds in all: long enough for a restart, short enough for somebody who is waiting. */
const PAUSES_MS = [500, 1500, 4000];

export type Wait = (milliseconds: number) => Promise<void>;

export const waitOnTheClock: Wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Tries at most four times, with jitter so that many browsers do not come back at the same moment. */
export async function retrying<T>(attempt: () => Promise<T>, wait: Wait): Promise<T> {
  for (const pause of PAUSES_MS) {
    try {
      return await attempt();
    } catch (thrown) {
      if (!isTransient(thrown)) throw thrown;
    }
    await wait(pause * (0.5 + Math.random() / 2));
  }
  return attempt();
}
