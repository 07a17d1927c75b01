/**
 * The GraphQL documents, each typed by what it takes and returns.
 *
 * Inputs are written inline, so a document depends on field names alone and never on the name of an input type.
 * Refusals are read through the interface, so a refusal added later still arrives with its message.
 */

import type { AnswerQuestionResult, AnswerValue, NextQuestion, Refusal, SkipQuestionResult, StartedVisit } from "./types.ts";

declare const types: unique symbol;

/** A document that remembers the types of its variables and its data. */
export type Document<Variables, Data> = string & { readonly [types]?: (variables: Variables) => Data };

export type StartVisitResult =
  | (StartedVisit & { __typename: "StartVisitSuccess"; viewerToken: string; expiresInSeconds: number; resumeToken: string })
  | Refusal<"SignInCodeError">;

export type RenewViewerTokenResult =
  | { __typename: "RenewViewerTokenSuccess"; viewerToken: string; expiresInSeconds: number }
  | Refusal<"NotFoundError">;

const NEXT = `fragment Next on NextQuestion {
  state until
  ask { id placement question {
    id key kind prompt help placeholder isSkippable options { value label }
    minimum maximum minLength maxLength minChoices maxChoices
  } }
}`;

const REFUSAL = "... on UserError { message }";

const STARTED = `{
  __typename ${REFUSAL}
  ... on StartVisitSuccess {
    viewerToken expiresInSeconds resumeToken visit { id number startedAt } profile { id traits } next { ...Next }
  }
} } ${NEXT}`;

export const START_VISIT: Document<
  { resumeToken: string | null; placement: string },
  { startVisit: StartVisitResult }
> = `mutation StartVisit($resumeToken: String, $placement: String!) {
  startVisit(input: { resumeToken: $resumeToken, placement: $placement }) ${STARTED}`;

export const START_SIGNED_IN_VISIT: Document<
  { resumeToken: string | null; placement: string; code: string; verifier: string },
  { startVisit: StartVisitResult }
> = `mutation StartSignedInVisit($resumeToken: String, $placement: String!, $code: String!, $verifier: String!) {
  startVisit(input: { resumeToken: $resumeToken, placement: $placement, signIn: { code: $code, verifier: $verifier } }) ${STARTED}`;

export const RENEW_VIEWER_TOKEN: Document<{ resumeToken: string }, { renewViewerToken: RenewViewerTokenResult }> =
  `mutation RenewViewerToken($resumeToken: String!) {
  renewViewerToken(input: { resumeToken: $resumeToken }) {
    __typename ${REFUSAL}
    ... on RenewViewerTokenSuccess { viewerToken expiresInSeconds }
  }
}`;

export const NEXT_QUESTION: Document<{ placement: string }, { nextQuestion: NextQuestion | null }> =
  `query NextQuestion($placement: String!) { nextQuestion(placement: $placement) { ...Next } } ${NEXT}`;

export const ANSWER_QUESTION: Document<
  { askId: string; value: AnswerValue },
  { answerQuestion: AnswerQuestionResult }
> = `mutation AnswerQuestion($askId: ID!, $value: JSON!) {
  answerQuestion(input: { askId: $askId, value: $value }) {
    __typename ${REFUSAL}
    ... on AnswerQuestionSuccess { outcome value isReplay notice next { ...Next } }
  }
} ${NEXT}`;

export const SKIP_QUESTION: Document<{ askId: string }, { skipQuestion: SkipQuestionResult }> =
  `mutation SkipQuestion($askId: ID!) {
  skipQuestion(input: { askId: $askId }) {
    __typename ${REFUSAL}
    ... on SkipQuestionSuccess { outcome isReplay next { ...Next } }
  }
} ${NEXT}`;

export const SIGN_OUT: Document<Record<string, never>, { signOut: { __typename: string; message?: string } }> =
  `mutation SignOut { signOut { __typename ${REFUSAL} } }`;
