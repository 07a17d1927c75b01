/** The shapes that cross the wire, in the words of the GraphQL schema. */

/** Kinds this version can ask; a newer server may send others. */
export type QuestionKind = "TEXT" | "NUMBER" | "BOOLEAN" | "DATE" | "SINGLE_CHOICE" | "MULTI_CHOICE";

export interface QuestionOption {
  value: string;
  label: string;
}

export interface Question {
  id: string;
  key: string;
  /** `string & {}` keeps completion for the known kinds and admits the unknown ones. */
  kind: QuestionKind | (string & {});
  prompt: string;
  help: string | null;
  placeholder: string | null;
  isSkippable: boolean;
  options: QuestionOption[];
  minimum: number | null;
  maximum: number | null;
  minLength: number | null;
  maxLength: number | null;
  minChoices: number | null;
  maxChoices: number | null;
}

/** One question handed to one person once; its id makes the answer idempotent. */
export interface Ask {
  id: string;
  placement: string;
  question: Question;
}

export interface NextQuestion {
  /** RESTING: nothing now, perhaps later (`until`); DONE: nothing left to ask here. */
  state: "READY" | "RESTING" | "DONE";
  ask: Ask | null;
  /** ISO 8601, UTC. */
  until: string | null;
}

/** TEXT and SINGLE_CHOICE: string; DATE: "YYYY-MM-DD"; MULTI_CHOICE: option values. */
export type AnswerValue = string | number | boolean | string[];

export interface VisitProfile {
  id: string;
  traits: unknown;
}

export interface StartedVisit {
  visit: { id: string; number: number; startedAt: string };
  profile: VisitProfile;
  next: NextQuestion;
}

/** An expected refusal; `message` is a sentence for its reader. */
export interface Refusal<Name extends string> {
  __typename: Name;
  message: string;
}

export interface AnswerQuestionSuccess {
  __typename: "AnswerQuestionSuccess";
  outcome: string;
  /** The value as the server keeps it. */
  value: unknown;
  /** True when this ask had been answered before: nothing was written twice. */
  isReplay: boolean;
  notice: string | null;
  next: NextQuestion;
}

export interface SkipQuestionSuccess {
  __typename: "SkipQuestionSuccess";
  outcome: string;
  isReplay: boolean;
  next: NextQuestion;
}

export type AnswerQuestionResult =
  | AnswerQuestionSuccess
  | Refusal<"InvalidAnswerError" | "UnknownAskError" | "ForbiddenError">;

export type SkipQuestionResult = SkipQuestionSuccess | Refusal<"UnknownAskError" | "ForbiddenError">;
