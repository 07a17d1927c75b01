/** What can be said about an ask, as mutations. */

import type { AnswerValue, AskReport } from "./types.ts";

/** One thing to tell the server about one ask; all but `act` is the mutation's input. */
export interface Parcel {
  act: (typeof ACTS)[number];
  askId: string;
  value?: AnswerValue;
  isNotApplicable?: boolean;
  report?: AskReport;
}

export const ACTS = ["answer", "correct", "skip", "decline", "dismiss"] as const;

/** The document; `next` is the fragment `Next`. */
export function documentOf(act: Parcel["act"], next: string): string {
  const rest = act === "correct" ? "orrectAnswer" : `${act.slice(1)}Question`;
  return `mutation($input: ${act[0]!.toUpperCase() + rest}Input!) { result: ${act[0] + rest}(input: $input) {
  __typename ... on UserError { message } ... on AskHandled { outcome isReplay next { ...Next } }
  ${act === "answer" ? "... on AnswerQuestionSuccess { value notice }" : ""}
} } ${next}`;
}
