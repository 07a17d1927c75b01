/** What can be said about an ask, as mutations. */

import type { AnswerValue, AskReport } from "./types.ts";

/** One thing to tell the server about one ask. */
export interface Parcel {
  act: keyof typeof MUTATIONS;
  askId: string;
  value?: AnswerValue;
  isNotApplicable?: boolean;
  report?: AskReport;
}

/** The variables of each mutation beside the ask, with their types. */
export const MUTATIONS = {
  answer: { value: "JSON!", report: "AskReportInput" },
  correct: { value: "JSON!" },
  skip: { report: "AskReportInput" },
  decline: { isNotApplicable: "Boolean!", report: "AskReportInput" },
  dismiss: { report: "AskReportInput" },
};

/** The document; `next` is the fragment `Next`. */
export function documentOf(act: Parcel["act"], next: string): string {
  const field = act === "correct" ? "correctAnswer" : `${act}Question`;
  const variables = Object.entries({ askId: "ID!", ...MUTATIONS[act] });
  const declared = variables.map(([name, type]) => `$${name}: ${type}`).join();
  const given = variables.map(([name]) => `${name}: $${name}`).join();
  return `mutation ${field}(${declared}) { result: ${field}(input: { ${given} }) {
  __typename ... on UserError { message } ... on AskHandled { outcome isReplay next { ...Next } }
  ${act === "answer" ? "... on AnswerQuestionSuccess { value notice }" : ""}
} } ${next}`;
}
