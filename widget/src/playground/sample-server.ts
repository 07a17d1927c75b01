/** A server that is none: it answers the widget within the page, so that a playground touches nobody's data. */

import type { Ask, NextQuestion, Question } from "../types.ts";
import { sampleProfile } from "./samples.ts";

export const SAMPLE_ENDPOINT = "https://sample.invalid";

type Body = { query: string; variables: Record<string, unknown> & { input?: Record<string, unknown> } };
type Data = Record<string, unknown>;

/** How it behaves: `refusal` is what it says to every answer, `delay` how long it takes, in milliseconds. */
export interface Behaviour {
  refusal?: string;
  delay?: number;
  /** As if the network were gone: from the first answer on, or from the start. */
  isGone?: "on answering" | "always";
}

export class SampleServer {
  readonly #questions: readonly Question[];
  readonly #behaviour: Behaviour;
  #handled = 0;
  #profile: ReturnType<typeof sampleProfile> | null = sampleProfile();

  constructor(questions: readonly Question[], behaviour: Behaviour) {
    this.#questions = questions;
    this.#behaviour = behaviour;
  }

  /** In place of the browser's own `fetch`: what goes elsewhere goes nowhere. */
  readonly fetch = async (_: unknown, init?: RequestInit): Promise<Response> => {
    const body = JSON.parse(String(init?.body)) as Body;
    const { delay = 0, isGone } = this.#behaviour;
    const isAct = /result: \w+Question\(/.test(body.query);
    if (isGone === "always" || (isGone && isAct)) throw new TypeError("The network is gone, as this scene wants it.");
    if (isAct) await new Promise((resolve) => setTimeout(resolve, delay));
    return Response.json({ data: this.#answer(body) });
  };

  #answer({ query, variables }: Body): Data {
    const input = variables.input ?? {};
    if (query.includes("startVisit(")) return { startVisit: this.#start() };
    if (query.includes("reportShown(")) return { reportShown: { __typename: "ReportShownSuccess" } };
    if (query.includes("nextQuestion(")) return { nextQuestion: this.#next() };
    if (query.includes("signOut")) return { signOut: { __typename: "SignOutSuccess" } };
    const act = /result: (\w+)\(/.exec(query)?.[1] ?? "";
    if (act) return { result: this.#do(act, { ...variables, ...input }) };
    if (query.includes("downloadUrl")) return { node: { state: "DONE", downloadUrl: "data:text/plain,Nothing%20is%20known%20of%20nobody." } };
    return { viewer: { profile: this.#profile }, attributeDefinitions: { edges: this.#definitions() } };
  }

  #start(): Data {
    return {
      __typename: "StartVisitSuccess", viewerToken: "sample", expiresInSeconds: 900, resumeToken: "sample",
      visit: { id: "vis_sample", number: 1, startedAt: new Date().toISOString() },
      profile: { id: "prf_sample", traits: {} }, next: this.#next(),
    };
  }

  #next(): NextQuestion {
    const ask = this.#ask(this.#handled);
    return { state: ask ? "READY" : "DONE", ask, until: null };
  }

  #ask(number: number): Ask | null {
    const question = this.#questions[number];
    if (!question) return null;
    const step = { number: number + 1, total: this.#questions.length };
    return { id: `ask_${number}`, placement: "home", question, step, following: this.#ask(number + 1) };
  }

  #do(act: string, given: Data): Data {
    const { refusal } = this.#behaviour;
    if (/Question$|correctAnswer/.test(act)) {
      if (refusal && act === "answerQuestion") return { __typename: "InvalidAnswerError", message: refusal };
      if (act !== "correctAnswer") this.#handled++;
      const outcomes: Record<string, string> = { skipQuestion: "SKIPPED", declineQuestion: "DECLINED", dismissQuestion: "DISMISSED" };
      return { __typename: "AnswerQuestionSuccess", outcome: outcomes[act] ?? "ANSWERED", isReplay: false, value: given["value"], notice: null, next: this.#next() };
    }
    this.#keep(act, given);
    return { __typename: "Success", request: { id: "req_sample" } };
  }

  #keep(act: string, { key, value, purpose, state }: Data): void {
    if (!this.#profile) return;
    const { attributes, consents } = this.#profile;
    if (act === "recordConsent") {
      for (const each of consents) if (each.purpose.key === purpose) each.isAllowed = state === "GRANTED";
    }
    // What rests on a consent is hidden while it is not given.
    if (state === "WITHDRAWN") this.#profile.attributes = attributes.filter(({ definition }) => definition.purpose !== purpose);
    if (act === "correctAttribute") {
      const kept = attributes.filter((each) => each.key !== key || value !== null);
      const self = { kind: "PERSON", label: "the person" };
      this.#profile.attributes = kept.map((each) =>
        each.key === key ? { ...each, value, source: self, observedAt: new Date().toISOString() } : each,
      );
    }
    if (act === "erasePerson") this.#profile = null;
  }

  #definitions(): Data[] {
    const keys = ["name", "team", "goal", "remote", "company", "size", "language"];
    return keys.map((key) => ({ node: { key, personAccess: "READWRITE" } }));
  }
}
