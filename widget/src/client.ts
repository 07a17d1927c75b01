/**
 * Acquaint without a face: visits, questions and answers for people who draw their own.
 *
 * Importing this file touches no browser global, so a server may render a page that uses it.
 */

import {
  ANSWER_QUESTION,
  NEXT_QUESTION,
  RENEW_VIEWER_TOKEN,
  SIGN_OUT,
  SKIP_QUESTION,
  START_SIGNED_IN_VISIT,
  START_VISIT,
  type Document,
  type RenewViewerTokenResult,
  type StartVisitResult,
} from "./documents.ts";
import { normaliseEndpoint } from "./endpoint.ts";
import { asDripError, DripError } from "./errors.ts";
import { challengeOf, createVerifier } from "./proof.ts";
import { createRenewal } from "./renewing.ts";
import { retrying, waitOnTheClock, type Wait } from "./retrying.ts";
import { openPopup, popupOutcome, type Opener } from "./sign-in-popup.ts";
import { takeSignInReturn, type Page, type SignInReturn } from "./sign-in-return.ts";
import { createSlot, type DripStorage, type Slot } from "./slot.ts";
import { createPost, type Post } from "./transport.ts";
import type { AnswerQuestionResult, AnswerValue, NextQuestion, SkipQuestionResult, StartedVisit } from "./types.ts";

export { DripError } from "./errors.ts";
export type { DripErrorCode } from "./errors.ts";
export type { DripStorage } from "./slot.ts";
export type * from "./types.ts";

export interface DripClientOptions {
  /** The server's address, with or without `/graphql`. */
  endpoint: string;
  /** The publishable key, `pk_…`. */
  key: string;
  /** Keeps the resume token; `localStorage` unless given; null keeps nothing over a reload. */
  storage?: DripStorage | null;
  /** Keeps the verifier while the person is away at the provider; `sessionStorage` unless given. */
  session?: DripStorage | null;
  /** Where a sign-in comes back to; the window unless given; null for none. */
  page?: Page | null;
  /** What opens a window to sign in in; the window unless given; null for none. */
  opener?: Opener | null;
  fetch?: typeof globalThis.fetch;
  /** How to pass time between two tries. */
  wait?: Wait;
}

/** What happened in the client, for whoever subscribed. */
export type DripNotice = { type: "visit"; visit: StartedVisit } | { type: "error"; error: DripError };

export interface DripClient {
  readonly endpoint: string;
  readonly key: string;
  /** The visit that has begun; null before. */
  readonly visit: StartedVisit | null;
  /** Why the last sign-in failed, for scripts that come too late to hear of it; null once somebody signed in. */
  readonly signInError: DripError | null;
  /** Begins or continues a visit. Takes a sign-in's code out of the address if one came back. Calls made meanwhile share it. */
  startVisit(options?: { placement?: string }): Promise<StartedVisit>;
  /** What to ask now at this placement; begins the visit if there is none, in the same request. */
  next(placement?: string): Promise<NextQuestion>;
  /** Safe to repeat: the ask's id makes it one answer. */
  answer(askId: string, value: AnswerValue): Promise<AnswerQuestionResult>;
  skip(askId: string): Promise<SkipQuestionResult>;
  /** Where to send the browser so that the person signs in and comes back to `returnTo` (this page unless given). */
  signInUrl(provider: string, returnTo?: string): Promise<string>;
  /**
   * Signs in in a small window and leaves the page as it is; call it from a click.
   *
   * Raises DripError POPUP_BLOCKED, SIGN_IN_FAILED, and SIGN_IN_SUPERSEDED when another one is begun meanwhile.
   */
  signInWithPopup(provider: string): Promise<StartedVisit>;
  /** Revokes the resume token, forgets it and begins a new anonymous visit. */
  signOut(placement?: string): Promise<StartedVisit>;
  /** Forgets the person in this browser without telling the server, and begins a new anonymous visit. */
  reset(placement?: string): Promise<StartedVisit>;
  /** The host page's own query as this person. Sent once; raises DripError when the server answers with errors. */
  request<Data = unknown>(query: string, variables?: Record<string, unknown>): Promise<Data>;
  /** Returns the function that ends it. Why a sign-in failed before is told to whoever comes later, too. */
  subscribe(listener: (notice: DripNotice) => void): () => void;
}

/** Raises DripError BAD_CONFIGURATION for an endpoint that is no address or a key that is not publishable. */
export function createDripClient(options: DripClientOptions): DripClient {
  return new Client(options);
}

class Client implements DripClient {
  readonly endpoint: string;
  readonly key: string;
  visit: StartedVisit | null = null;
  signInError: DripError | null = null;

  readonly #page: Page | null;
  readonly #opener: Opener | null;
  readonly #wait: Wait;
  readonly #post: Post;
  readonly #resumeToken: Slot;
  readonly #signIn: Slot;
  readonly #listeners = new Set<(notice: DripNotice) => void>();
  /** Lives here and nowhere else. */
  #viewerToken: string | null = null;
  #starting: Promise<StartedVisit> | null = null;
  #placement = "home";
  /** What a window beside the page brought back. */
  #broughtBack: SignInReturn | null = null;
  #popup: AbortController | null = null;
  readonly #renewal = createRenewal(() => this.#renew());

  constructor({ endpoint, key, storage, session, page, opener, fetch, wait }: DripClientOptions) {
    if (!/^pk_\S+$/.test(key)) {
      throw new DripError("BAD_CONFIGURATION", "key must be the publishable key of this site; it begins with pk_.");
    }
    this.#page = page === undefined ? browserPage() : page;
    this.#opener = opener === undefined ? browserPage() : opener;
    this.endpoint = normaliseEndpoint(endpoint, this.#page?.location.href);
    this.key = key;
    this.#wait = wait ?? waitOnTheClock;
    this.#post = createPost(`${this.endpoint}/graphql`, fetch ?? ((...request) => globalThis.fetch(...request)));
    this.#resumeToken = createSlot(this.#resumeSlot, () =>
      storage === undefined ? globalThis.localStorage : storage,
    );
    this.#signIn = createSlot("acquaint:sign-in", () => (session === undefined ? globalThis.sessionStorage : session));
  }

  startVisit({ placement }: { placement?: string } = {}): Promise<StartedVisit> {
    this.#placement = placement ?? this.#placement;
    this.#starting ??= this.#begin().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  async next(placement = this.#placement): Promise<NextQuestion> {
    if (this.#viewerToken === null && !this.#starting) return (await this.startVisit({ placement })).next;
    const { nextQuestion } = await this.#repeat(NEXT_QUESTION, { placement });
    // Null for whoever is no person any more: this profile became part of another in a tab beside us.
    return nextQuestion ?? (await this.startVisit({ placement })).next;
  }

  async answer(askId: string, value: AnswerValue): Promise<AnswerQuestionResult> {
    return (await this.#repeat(ANSWER_QUESTION, { askId, value })).answerQuestion;
  }

  async skip(askId: string): Promise<SkipQuestionResult> {
    return (await this.#repeat(SKIP_QUESTION, { askId })).skipQuestion;
  }

  async signInUrl(provider: string, returnTo = this.#page?.location.href): Promise<string> {
    if (!returnTo) throw new DripError("BAD_CONFIGURATION", "signInUrl needs the address to return to.");
    // One verifier for every link of this tab, so that a page may draw a link for each provider beforehand.
    const verifier = this.#pendingVerifier() ?? createVerifier();
    if (!this.#signIn.write(`${verifier} ${this.#id}`)) {
      throw new DripError("STORAGE_DENIED", "Signing in needs session storage, which this browser denies to the page.");
    }
    const back = new URL(returnTo, this.#page?.location.href);
    back.hash = "";
    const query = new URLSearchParams({ key: this.key, return_to: back.href, challenge: await challengeOf(verifier) });
    return `${this.endpoint}/auth/${encodeURIComponent(provider)}/start?${query}`;
  }

  async signInWithPopup(provider: string): Promise<StartedVisit> {
    if (!this.#opener) throw new DripError("BAD_CONFIGURATION", "signInWithPopup needs a browser.");
    this.#popup?.abort();
    const { signal } = (this.#popup = new AbortController());
    // The verifier is stored before the window opens, which starts with a copy of this tab's session storage.
    const url = this.signInUrl(provider);
    const popup = openPopup(this.#opener);
    const outcome = popupOutcome(this.#opener, popup, new URL(this.endpoint).origin, this.#resumeSlot, signal);
    popup.location.replace(`${await url}&display=popup`);
    const back = await outcome;
    await this.#starting?.catch(() => undefined);
    this.#broughtBack = back === "elsewhere" ? null : back;
    const visit = await this.startVisit();
    if (back !== "elsewhere" && this.signInError) throw this.signInError;
    return visit;
  }

  async signOut(placement?: string): Promise<StartedVisit> {
    try {
      if (this.#viewerToken ?? this.#resumeToken.read()) await this.#call(SIGN_OUT, {}, (send) => send());
    } catch (thrown) {
      // Somebody at a shared computer wants to be gone even when the server is away.
      this.#tell({ type: "error", error: asDripError(thrown) });
    }
    return this.reset(placement);
  }

  async reset(placement?: string): Promise<StartedVisit> {
    // A visit that is just beginning would bring the old person back.
    await this.#starting?.catch(() => undefined);
    this.#viewerToken = null;
    this.#renewal.schedule(null);
    this.#resumeToken.clear();
    return this.startVisit(placement === undefined ? {} : { placement });
  }

  request<Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> {
    return this.#call(query as Document<object, Data>, variables, (send) => send());
  }

  subscribe(listener: (notice: DripNotice) => void): () => void {
    this.#listeners.add(listener);
    const error = this.signInError;
    if (error) queueMicrotask(() => this.#listeners.has(listener) && listener({ type: "error", error }));
    return () => this.#listeners.delete(listener);
  }

  get #id(): string {
    return `${this.endpoint}|${this.key}`;
  }

  get #resumeSlot(): string {
    return `acquaint:resume:${this.#id}`;
  }

  async #begin(): Promise<StartedVisit> {
    const signIn = this.#takeSignIn();
    let result = signIn ? await this.#start(START_SIGNED_IN_VISIT, signIn) : null;
    const failed = result?.__typename === "SignInCodeError";
    if (result && result.__typename === "SignInCodeError") this.#tellSignInFailed(result.message);
    if (result?.__typename !== "StartVisitSuccess") result = await this.#start(START_VISIT, {});
    if (result.__typename !== "StartVisitSuccess") throw new DripError("FORBIDDEN", result.message);

    const { viewerToken, expiresInSeconds, resumeToken, visit, profile, next } = result;
    if (signIn && !failed) this.signInError = null;
    this.#viewerToken = viewerToken;
    this.#renewal.schedule(expiresInSeconds);
    this.#resumeToken.write(resumeToken);
    this.visit = { visit, profile, next };
    this.#tell({ type: "visit", visit: this.visit });
    return this.visit;
  }

  /** In the background, and of no consequence: whoever types goes on typing. */
  async #renew(): Promise<void> {
    const used = this.#viewerToken;
    const resumeToken = this.#resumeToken.read();
    if (!resumeToken || this.#starting) return;
    const data = await retrying(() => this.#post(this.key, RENEW_VIEWER_TOKEN, { resumeToken }), this.#wait);
    const { renewViewerToken } = data as { renewViewerToken: RenewViewerTokenResult };
    if (renewViewerToken.__typename !== "RenewViewerTokenSuccess" || this.#viewerToken !== used) return;
    this.#viewerToken = renewViewerToken.viewerToken;
    this.#renewal.schedule(renewViewerToken.expiresInSeconds);
  }

  async #start<More extends object>(
    query: Document<More & { resumeToken: string | null; placement: string }, { startVisit: StartVisitResult }>,
    more: More,
  ): Promise<StartVisitResult> {
    // Repeating it is safe: at worst an anonymous profile stays unused.
    const data = await retrying(
      () => this.#post(this.key, query, { ...more, resumeToken: this.#resumeToken.read(), placement: this.#placement }),
      this.#wait,
    );
    return (data as { startVisit: StartVisitResult }).startVisit;
  }

  #repeat<Variables extends object, Data>(query: Document<Variables, Data>, variables: Variables): Promise<Data> {
    return this.#call(query, variables, (send) => retrying(send, this.#wait));
  }

  /** Sends as the current viewer; when the token has run out, renews it once, together with every other call that waits. */
  async #call<Variables extends object, Data>(
    query: Document<Variables, Data>,
    variables: Variables,
    how: (send: () => Promise<unknown>) => Promise<unknown>,
  ): Promise<Data> {
    const used = await this.#currentToken();
    try {
      return (await how(() => this.#post(used, query, variables))) as Data;
    } catch (thrown) {
      if (!hasRunOut(thrown)) throw thrown;
    }
    if (this.#viewerToken === used) await this.startVisit();
    const renewed = await this.#currentToken();
    return (await how(() => this.#post(renewed, query, variables))) as Data;
  }

  async #currentToken(): Promise<string> {
    while (this.#starting || this.#viewerToken === null) await this.startVisit();
    return this.#viewerToken;
  }

  #takeSignIn(): { code: string; verifier: string } | null {
    const [verifier, owner] = this.#signIn.read()?.split(" ") ?? [];
    // Another client of this page began the sign-in: its return is not ours to take.
    if (!this.#page || (owner && owner !== this.#id)) return null;
    const back = this.#broughtBack ?? takeSignInReturn(this.#page);
    this.#broughtBack = null;
    if (!back) return null;

    this.#signIn.clear();
    if ("code" in back && verifier) return { code: back.code, verifier };
    this.#tellSignInFailed(reasonOf(back));
    return null;
  }

  #pendingVerifier(): string | null {
    const [verifier, owner] = this.#signIn.read()?.split(" ") ?? [];
    return verifier && owner === this.#id ? verifier : null;
  }

  #tellSignInFailed(reason: string): void {
    this.signInError = new DripError("SIGN_IN_FAILED", reason);
    this.#tell({ type: "error", error: this.signInError });
  }

  #tell(notice: DripNotice): void {
    for (const listener of [...this.#listeners]) listener(notice);
  }
}

function browserPage(): (Page & Opener) | null {
  return typeof document === "undefined" ? null : window;
}

function reasonOf(back: SignInReturn): string {
  if ("error" in back) return `The sign-in ended with "${back.error}".`;
  return "A sign-in came back that this tab did not begin; sign in again.";
}

function hasRunOut(thrown: unknown): boolean {
  // TOKEN_INVALID too: the server's signing key may have changed while the page was open.
  return thrown instanceof DripError && (thrown.code === "TOKEN_EXPIRED" || thrown.code === "TOKEN_INVALID");
}
