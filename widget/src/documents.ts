/**
 * The GraphQL documents that bring a question, each typed by what it takes and returns.
 *
 * Refusals are read through the interface, so a refusal added later still arrives with its message.
 */

import type { SignInProof } from "./signing.ts";
import type { NextQuestion, StartedVisit } from "./types.ts";

declare const types: unique symbol;

/** A document that remembers the types of its variables and its data. */
export type Document<Variables, Data> = string & { readonly [types]?: (variables: Variables) => Data };

export interface FreshToken {
  viewerToken: string;
  expiresInSeconds: number;
}

export type StartVisitResult =
  | (StartedVisit & FreshToken & { resumeToken: string })
  | { message: string };

export const NEXT = `fragment Ask on Ask {
  id placement step { number total } question {
    id key kind language prompt help why placeholder submitLabel skipLabel declineLabel exits hasOther ratingStyle
    options { value label picture } minimum maximum minLength maxLength minChoices maxChoices
    confirm { value text source } consent { purpose text textVersion }
  }
}
fragment Next on NextQuestion { state until ask { ...Ask following { ...Ask } } }`;

type Start = {
  input: {
    resumeToken: string | null;
    placement: string;
    locale: string | null;
    signIn: SignInProof | null;
    identityToken: string | null;
  };
};

export const START_VISIT: Document<Start, { startVisit: StartVisitResult }> =
  `mutation($input: StartVisitInput!) {
  startVisit(input: $input) {
    ... on UserError { message } ... on StartVisitSuccess {
      viewerToken expiresInSeconds resumeToken visit { id number startedAt } profile { id traits } next { ...Next }
    }
  }
} ${NEXT}`;

export const RENEW_VIEWER_TOKEN: Document<{ resumeToken: string }, { renewViewerToken: Partial<FreshToken> }> =
  `mutation RenewViewerToken($resumeToken: String!) {
  renewViewerToken(input: { resumeToken: $resumeToken }) { __typename ... on RenewViewerTokenSuccess { viewerToken expiresInSeconds } }
}`;

export const NEXT_QUESTION: Document<{ placement: string; locale: string | null }, { nextQuestion: NextQuestion | null }> =
  `query($placement: String!, $locale: String) {
  nextQuestion(placement: $placement, locale: $locale) { ...Next }
} ${NEXT}`;
