/** Questions of kinds that are newer than this version: comes when there is one. */

import type { Stage } from "./answering.ts";
import type { NextQuestion } from "./types.ts";

/** So many are passed over in a row. */
const MOST = 5;

/** Passes over what this version cannot ask, so that one new kind does not silence the rest. */
export async function skipUnknown({ client, warn, isAskable }: Stage, next: NextQuestion): Promise<NextQuestion> {
  for (let passed = 0; next.ask && !isAskable(next.ask.question); passed++) {
    const { kind, key } = next.ask.question;
    warn("UNKNOWN_KIND", `Question "${key}" of kind ${kind} cannot be asked by this version.`);
    const result = passed < MOST && (await client.deliver({ act: "skip", askId: next.ask.id }));
    if (!result || !("outcome" in result)) return { state: "DONE", ask: null, until: null };
    next = result.next;
  }
  return next;
}
