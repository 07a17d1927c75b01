/** `<drip-question>`: when to ask, what to do with the answer, whom to tell. The looks are in card.ts. */

import { isAskable } from "./answer.ts";
import { ATTRIBUTES, endpointFrom, placementFrom, type AttributeName } from "./attributes.ts";
import { Card } from "./card.ts";
import type { DripClient, DripNotice } from "./client.ts";
import { asDripError, DripError } from "./errors.ts";
import { dispatch, type DripEventDetails } from "./events.ts";
import { pageLoaded } from "./page-loaded.ts";
import { sharedClient } from "./shared-client.ts";
import { TEXTS } from "./texts.ts";
import type { AnswerQuestionResult, AnswerValue, Ask, NextQuestion, SkipQuestionResult } from "./types.ts";

/** A rest that ends later than this waits for the next page. */
const LONGEST_REST_MS = 5 * 60_000;
/** A rest is never shorter, whatever the two clocks say. */
const SHORTEST_REST_MS = 2_000;
/** So many questions that this version cannot ask are passed over in a row. */
const MOST_PASSED_OVER = 5;

export class DripQuestionElement extends HTMLElement {
  static readonly observedAttributes: readonly AttributeName[] = ATTRIBUTES;

  readonly #card = new Card(this.attachShadow({ mode: "open" }));
  #client: DripClient | null = null;
  #unsubscribe: (() => void) | null = null;
  #isJoining = false;
  /** Counts what replaced what was on show; whoever comes back to another number comes too late. */
  #turn = 0;
  #isLoading = false;
  /** What the last load asked for. */
  #placementShown: string | null = null;
  /** Profile and visit that drip:ready was told of. */
  #greeted = "";
  #profileId: string | null = null;
  #rest: ReturnType<typeof setTimeout> | undefined;

  /** Null until the element is connected and configured. */
  get client(): DripClient | null {
    return this.#client;
  }

  get endpoint(): string | null {
    return this.getAttribute("endpoint");
  }
  set endpoint(value: string | null) {
    this.#reflect("endpoint", value);
  }

  get key(): string | null {
    return this.getAttribute("key");
  }
  set key(value: string | null) {
    this.#reflect("key", value);
  }

  /** "home" when missing or not a placement's name. */
  get placement(): string {
    return placementFrom(this.getAttribute("placement"));
  }
  set placement(value: string | null) {
    this.#reflect("placement", value);
  }

  connectedCallback(): void {
    this.#join();
  }

  disconnectedCallback(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
  }

  attributeChangedCallback(_name: string, before: string | null, after: string | null): void {
    if (before !== after && this.isConnected) this.#join();
  }

  /** Asks the server again what to ask. */
  reload(): Promise<void> {
    return this.#load((client) => client.next(this.placement));
  }

  /** Leaves for the provider; the person comes back to this page. */
  async signIn(provider: string): Promise<void> {
    try {
      if (this.#client) location.assign(await this.#client.signInUrl(provider));
    } catch (thrown) {
      this.#report(thrown);
    }
  }

  /** Signs in in a small window and leaves this page as it is; call it from a click. */
  async signInWithPopup(provider: string): Promise<void> {
    try {
      await this.#client?.signInWithPopup(provider);
    } catch (thrown) {
      // A sign-in that failed was told of by the client.
      if (asDripError(thrown).code !== "SIGN_IN_FAILED") this.#report(thrown);
    }
  }

  /** Signs the person out on the server and begins anew. */
  signOut(): Promise<void> {
    return this.#load(async (client) => (await client.signOut(this.placement)).next);
  }

  /** Forgets the person in this browser and begins anew. */
  reset(): Promise<void> {
    return this.#load(async (client) => (await client.reset(this.placement)).next);
  }

  #reflect(name: AttributeName, value: string | null): void {
    if (value === null) this.removeAttribute(name);
    else this.setAttribute(name, value);
  }

  /** Once for all attributes that change together, and not at all when the element was only moved. */
  #join(): void {
    if (this.#isJoining) return;
    this.#isJoining = true;
    queueMicrotask(() => {
      this.#isJoining = false;
      if (this.isConnected) this.#configure();
    });
  }

  #configure(): void {
    const before = this.#client;
    this.#unsubscribe?.();
    try {
      this.#client = sharedClient(endpointFrom(this.endpoint, import.meta.url), this.key ?? "");
    } catch (thrown) {
      this.#client = null;
      this.#turn++;
      this.#card.clear();
      this.#report(thrown);
      return;
    }
    this.#unsubscribe = this.#client.subscribe((notice) => this.#hear(notice));
    const isSamePerson = this.#isLoading || (this.#client.visit?.profile.id ?? null) === this.#profileId;
    if (this.#client !== before || this.#placementShown !== this.placement || !isSamePerson) void this.reload();
  }

  #hear(notice: DripNotice): void {
    if (notice.type === "error") void pageLoaded().then(() => this.#report(notice.error));
    else if (!this.#isLoading && notice.visit.profile.id !== this.#profileId) void this.reload();
  }

  async #load(find: (client: DripClient) => Promise<NextQuestion>): Promise<void> {
    const client = this.#client;
    if (!client) return;
    const turn = ++this.#turn;
    this.#isLoading = true;
    this.#placementShown = this.placement;
    try {
      const next = await find(client);
      if (turn !== this.#turn) return;
      this.#greet(client);
      await this.#show(next);
    } catch (thrown) {
      if (turn === this.#turn) this.#card.clear();
      this.#report(thrown);
    } finally {
      if (turn === this.#turn) this.#isLoading = false;
    }
  }

  #greet({ visit }: DripClient): void {
    const greeted = visit && `${visit.profile.id} ${visit.visit.id}`;
    if (!greeted || greeted === this.#greeted) return;
    this.#greeted = greeted;
    this.#profileId = visit.profile.id;
    this.#tell("drip:ready", { visit: visit.visit, profile: visit.profile });
    this.#tell("drip:profile", { profileId: visit.profile.id, reason: "visit" });
  }

  /** `closing` stays when nothing follows; `notice` introduces what follows. */
  async #show(next: NextQuestion, closing: string | null = null, notice: string | null = null): Promise<void> {
    clearTimeout(this.#rest);
    const shown = await this.#firstAskable(next);
    if (shown.state === "READY" && shown.ask) this.#ask(shown.ask, notice);
    else this.#finish(shown, closing);
  }

  #ask(ask: Ask, notice: string | null): void {
    this.#card.ask(ask.question, notice, {
      onAnswer: (value) => void this.#answer(ask, value),
      onSkip: () => void this.#skip(ask),
    });
    this.#tell("drip:shown", { ask });
  }

  #finish({ state, until }: NextQuestion, closing: string | null): void {
    if (closing === null) this.#card.clear();
    else this.#card.close(closing);
    this.#tell("drip:done", { state: state === "RESTING" ? state : "DONE", until });

    const rest = until === null ? Infinity : Math.max(Date.parse(until) - Date.now(), SHORTEST_REST_MS);
    if (rest <= LONGEST_REST_MS) this.#rest = setTimeout(() => this.isConnected && void this.reload(), rest);
  }

  /** Passes over what this version cannot ask, so that one new kind does not silence the rest. */
  async #firstAskable(next: NextQuestion): Promise<NextQuestion> {
    for (let passed = 0; next.ask && !isAskable(next.ask.question); passed++) {
      const { kind, key } = next.ask.question;
      this.#report(new DripError("UNKNOWN_KIND", `Question "${key}" of kind ${kind} cannot be asked by this version.`));
      const result = passed < MOST_PASSED_OVER && (await this.#client?.skip(next.ask.id));
      if (!result || result.__typename !== "SkipQuestionSuccess") return { state: "DONE", ask: null, until: null };
      next = result.next;
    }
    return next;
  }

  #answer(ask: Ask, value: AnswerValue): Promise<void> {
    return this.#settle((client) => client.answer(ask.id, value), async (result) => {
      if (result.__typename !== "AnswerQuestionSuccess") return this.#refuse(result);
      const { outcome, isReplay, notice, next } = result;
      this.#card.announce(TEXTS.saved);
      this.#tell("drip:answered", { ask, value: result.value, outcome, isReplay });
      if (this.#profileId) this.#tell("drip:profile", { profileId: this.#profileId, reason: "answer" });
      await this.#show(next, notice ?? TEXTS.thanks, notice);
    });
  }

  #skip(ask: Ask): Promise<void> {
    return this.#settle((client) => client.skip(ask.id), async (result) => {
      if (result.__typename !== "SkipQuestionSuccess") return this.#refuse(result);
      this.#tell("drip:skipped", { ask });
      await this.#show(result.next, TEXTS.skipped);
    });
  }

  /** Sends what the person decided; what they typed stays until the server has it. */
  async #settle<Result>(send: (client: DripClient) => Promise<Result>, then: (result: Result) => Promise<void>): Promise<void> {
    const client = this.#client;
    if (!client) return;
    const turn = this.#turn;
    this.#card.setBusy(true);
    this.#card.announce("");
    try {
      const result = await send(client);
      if (turn === this.#turn) await then(result);
    } catch (thrown) {
      if (turn === this.#turn) this.#card.fail(TEXTS.failed);
      this.#report(thrown);
    } finally {
      if (turn === this.#turn) this.#card.setBusy(false);
    }
  }

  async #refuse(refusal: Exclude<AnswerQuestionResult | SkipQuestionResult, { outcome: string }>): Promise<void> {
    if (refusal.__typename === "InvalidAnswerError") return this.#card.refuse(refusal.message);
    if (refusal.__typename === "UnknownAskError") {
      this.#report(new DripError("UNKNOWN_ASK", refusal.message));
      return this.reload();
    }
    this.#card.clear();
    this.#report(new DripError("FORBIDDEN", refusal.message));
  }

  #tell<Name extends keyof DripEventDetails>(name: Name, detail: DripEventDetails[Name]): void {
    dispatch(this, name, detail);
  }

  #report(thrown: unknown): void {
    const error = asDripError(thrown);
    console.warn(`<drip-question> ${error.code}: ${error.message}`);
    this.#tell("drip:error", { code: error.code, message: error.message, error });
  }
}
