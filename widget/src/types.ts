/** The shapes that cross the wire, in the words of the GraphQL schema. */

/** Kinds this version can ask; a newer server may send others. */
export type QuestionKind =
  | "TEXT"
  | "LONG_TEXT"
  | "NUMBER"
  | "RATING"
  | "NPS"
  | "BOOLEAN"
  | "DATE"
  | "SINGLE_CHOICE"
  | "MULTI_CHOICE"
  | "PICTURE_CHOICE"
  | "RANKING"
  | "EMAIL"
  | "PHONE"
  | "URL"
  | "COUNTRY"
  | "ADDRESS"
  | "CONSENT"
  | "CONFIRM";

export interface QuestionOption {
  value: string;
  label: string;
  /** The address of a picture of it. */
  picture: string | null;
}

export interface Question {
  id: string;
  key: string;
  /** `string & {}` keeps completion for the known kinds and admits the unknown ones. */
  kind: QuestionKind | (string & {});
  /** The language of the texts below. */
  language: string;
  prompt: string;
  help: string | null;
  why: string | null;
  placeholder: string | null;
  submitLabel: string | null;
  skipLabel: string | null;
  declineLabel: string | null;
  /** The ways out that its set offers; none where it has to be answered. */
  exits: ("SKIP" | "DECLINE" | "NOT_APPLICABLE" | "CLOSE")[];
  /** A text may be sent in place of an option. */
  hasOther: boolean;
  ratingStyle: "NUMBERS" | "STARS" | "EMOJI" | null;
  options: QuestionOption[];
  minimum: number | null;
  maximum: number | null;
  minLength: number | null;
  maxLength: number | null;
  minChoices: number | null;
  maxChoices: number | null;
  confirm: { value: unknown; text: string; source: string } | null;
  consent: { purpose: string; text: string; textVersion: number } | null;
}

/** One question handed to one person once; its id makes the answer idempotent. */
export interface Ask {
  id: string;
  placement: string;
  question: Question;
  /** Where it stands among what is asked in this visit. */
  step: { number: number; total: number } | null;
  /** What comes after it whatever is answered, where the server can tell. */
  following?: Ask | null;
}

export interface NextQuestion {
  /** WAITING: a look-up may answer it (`until`); RESTING: nothing now, perhaps later; DONE: nothing left to ask here. */
  state: "READY" | "WAITING" | "RESTING" | "DONE";
  ask: Ask | null;
  /** ISO 8601, UTC. */
  until: string | null;
}

/** The parts of an address by the names of OpenID Connect Core, section 5.1.1. */
export type AddressPart = "street_address" | "postal_code" | "locality" | "region" | "country";

/** Texts and single choices: string; DATE: "YYYY-MM-DD"; COUNTRY: ISO 3166-1 alpha-2; MULTI_CHOICE, RANKING: option values. */
export type AnswerValue =
  | string
  | number
  | boolean
  | string[]
  | Partial<Record<AddressPart, string>>
  | { verdict: "right" | "edit"; value: unknown }
  | { verdict: "wrong" };

/** What the page knows of an ask; nothing in it is needed. */
export interface AskReport {
  page?: string;
  device?: "PHONE" | "TABLET" | "DESKTOP" | "OTHER";
  /** From seeing the question on; a tab in the background does not count. */
  milliseconds?: number;
}

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

export type OutcomeName = "ANSWERED" | "SKIPPED" | "DECLINED" | "NOT_APPLICABLE" | "DISMISSED" | "IGNORED";

/** The server keeps it. */
export interface AskHandled {
  __typename: string;
  outcome: OutcomeName;
  /** True when this ask had been handled before: nothing was written twice. */
  isReplay: boolean;
  next: NextQuestion;
  /** The value as the server keeps it; undefined for what is no answer. */
  value?: unknown;
  /** Something the person should know, such as that nobody asks this any more. */
  notice?: string | null;
}

/** The connection is gone: it is kept in this browser and will be sent. */
export interface AskKept {
  __typename: "Kept";
}

export type AskResult =
  | AskHandled
  | AskKept
  | Refusal<"InvalidAnswerError" | "UnknownAskError" | "ForbiddenError" | "InvalidInputError">;
