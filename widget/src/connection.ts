/**
 * One person's connection to the server: the visit, the tokens, the next question. Importing it touches no browser global.
 *
 * What the element needs before a question is on show; what sends answers comes with answering.ts.
 */

import {
  NEXT,
  NEXT_QUESTION,
  START_VISIT,
  type Document,
  type StartVisitResult,
} from "./documents.ts";
import { normaliseEndpoint } from "./endpoint.ts";
import { asDripError, DripError, isTransient } from "./errors.ts";
import type { Parcel } from "./parcels.ts";
import { retrying, waitOnTheClock, type Wait } from "./retrying.ts";
import type { Opener } from "./sign-in-popup.ts";
import type { Page } from "./sign-in-return.ts";
import type { SignInProof, SigningIn } from "./signing.ts";
import { createSlot, type DripStorage, type Slot } from "./slot.ts";
import { createPost, type Post } from "./transport.ts";
import type { AskResult, NextQuestion, StartedVisit } from "./types.ts";

export interface DripClientOptions {
  /** The server's address, with or without `/graphql`. */
  endpoint: string;
  /** The publishable key, `pk_…`. */
  key: string;
  /** Keeps the resume token and what could not be sent; `localStorage` unless given; null keeps nothing over a reload. */
  storage?: DripStorage | null;
  /** Keeps the verifier while the person is away at the provider; `sessionStorage` unless given. */
  session?: DripStorage | null;
  /** Where a sign-in comes back to; the window unless given; null for none. */
  page?: Page | null;
  /** What opens a window to sign in in; the window unless given; null for none. */
  opener?: Opener | null;
  /** The language to ask in, such as pt-BR; a set's own unless given. */
  locale?: string;
  fetch?: typeof globalThis.fetch;
  /** How to pass time between two tries. */
  wait?: Wait;
}

/** What happened in the client, for whoever subscribed. */
export type DripNotice =
  | { type: "visit"; visit: StartedVisit }
  /** Whoever was here has left this browser: nothing of theirs stays on show. Who comes next is told as a visit. */
  | { type: "gone" }
  | { type: "handled"; parcel: Parcel; result: AskResult; isLate: boolean }
  | { type: "error"; error: DripError };

/** What is lent to the parts that sign people in and out. */
export interface Inside {
  /** Lives here and nowhere else. */
  viewerToken: string | null;
  /** When that ends, by this browser's clock. */
  expiresAt: number;
  starting: Promise<StartedVisit> | null;
  resumeToken: Slot;
  /** Patiently, with the publishable key. */
  postWithKey: (query: string, variables: object) => Promise<unknown>;
  signingIn: SigningIn;
  /** What could not be sent yet. */
  kept: Slot;
  /** The asks that are under way in this page. */
  sending?: Set<string>;
  wait: Wait;
  /** The fragment `Next`, lent so that it need not come twice. */
  next: string;
  isTransient: (thrown: unknown) => boolean;
}

/** Raises DripError BAD_CONFIGURATION for an endpoint that is no address or a key that is not publishable. */
export class Connection {
  readonly endpoint: string;
  readonly key: string;
  /** The visit that has begun; null before. */
  visit: StartedVisit | null = null;
  /** The language to ask in from now on. */
  locale: string | null;
  /** Why the last sign-in failed, for scripts that come too late to hear of it; null once somebody signed in. */
  signInError: DripError | null = null;
  /** Where the next visit gets an identity token from, which the host's backend signs; used once, null for nobody. */
  tokenSource: (() => Promise<string | null>) | null = null;

  readonly #post: Post;
  /** For the other parts of the widget. */
  readonly inside: Inside;
  readonly #listeners = new Set<(notice: DripNotice) => void>();
  readonly #asking = new Map<string, Promise<NextQuestion>>();
  #mayStore = true;
  #placement = "home";

  constructor({
    endpoint,
    key,
    locale,
    storage,
    session,
    page = globalThis.window ?? null,
    opener = globalThis.window ?? null,
    fetch = (...request) => globalThis.fetch(...request),
    wait = waitOnTheClock,
  }: DripClientOptions) {
    if (!/^pk_\S+$/.test(key)) throw new DripError("BAD_CONFIGURATION", "key");
    this.endpoint = normaliseEndpoint(endpoint, page?.location.href);
    this.key = key;
    this.locale = locale ?? null;
    this.#post = createPost(`${this.endpoint}/graphql`, fetch);
    const local = () => (this.#mayStore ? (storage === undefined ? globalThis.localStorage : storage) : null);
    const id = `${this.endpoint}|${key}`;
    this.inside = {
      viewerToken: null,
      expiresAt: 0,
      starting: null,
      resumeToken: createSlot(`acquaint:resume:${id}`, local),
      postWithKey: (query, variables) => retrying(() => this.#post(key, query, variables), this.inside.wait),
      signingIn: {
        endpoint: this.endpoint,
        key,
        page,
        opener,
        slot: createSlot("acquaint:sign-in", () => (session === undefined ? globalThis.sessionStorage : session)),
        fail: (reason) => this.fail("SIGN_IN_FAILED", reason),
      },
      kept: createSlot(`acquaint:kept:${id}`, local),
      wait,
      next: NEXT,
      isTransient,
    };
  }

  /** Whether something may be kept in this browser; turning it on keeps what is held in memory. */
  get mayStore(): boolean {
    return this.#mayStore;
  }
  set mayStore(may: boolean) {
    this.#mayStore = may;
    if (may) [this.inside.resumeToken, this.inside.kept].forEach((slot) => slot.settle());
  }

  /** Forgets whoever is here, in this browser alone. */
  forget(): void {
    this.inside.viewerToken = this.tokenSource = null;
    this.inside.resumeToken.clear();
    this.inside.kept.clear();
    this.tell({ type: "gone" });
  }

  /** Begins or continues a visit. Takes a sign-in's code out of the address if one came back. Calls made meanwhile share it. */
  startVisit({ placement }: { placement?: string } = {}): Promise<StartedVisit> {
    this.#placement = placement ?? this.#placement;
    return (this.inside.starting ??= this.#begin().finally(() => (this.inside.starting = null)));
  }

  /** What to ask now at this placement; begins the visit if there is none, in the same request. Calls made meanwhile share it. */
  next(placement = this.#placement): Promise<NextQuestion> {
    const asking = this.#asking.get(placement) ?? this.#next(placement).finally(() => this.#asking.delete(placement));
    this.#asking.set(placement, asking);
    return asking;
  }

  /** Tells the server about an ask. Safe to repeat; what the network loses is kept and sent later: `Kept`. */
  async deliver(parcel: Parcel): Promise<AskResult> {
    return (await import("./answering.ts")).deliver(this, parcel);
  }

  /** The host page's own query as this person. Sent once; raises DripError when the server answers with errors. */
  request<Data = unknown>(query: string, variables: Record<string, unknown> = {}): Promise<Data> {
    return this.call(query as Document<object, Data>, variables);
  }

  /** Returns the function that ends it. Why a sign-in failed before is told to whoever comes later, too. */
  subscribe(listener: (notice: DripNotice) => void): () => void {
    this.#listeners.add(listener);
    const error = this.signInError;
    if (error) queueMicrotask(() => this.#listeners.has(listener) && listener({ type: "error", error }));
    return () => this.#listeners.delete(listener);
  }

  tell(notice: DripNotice): void {
    [...this.#listeners].forEach((listener) => listener(notice));
  }

  /**
   * Sends as the current viewer; when the token has run out, renews it once, together with every other call that waits.
   *
   * `isPatient`: tried again while the network is away, which is for what may safely happen twice.
   */
  async call<Variables extends object, Data>(query: Document<Variables, Data>, variables: Variables, isPatient = false): Promise<Data> {
    const used = await this.#currentToken();
    const person = this.visit?.profile.id;
    const send = (token: string) => this.#post(token, query, variables);
    const sendAs = (token: string) => (isPatient ? retrying(() => send(token), this.inside.wait) : send(token));
    try {
      return (await sendAs(used)) as Data;
    } catch (thrown) {
      // TOKEN_INVALID too: the server's signing key may have changed while the page was open.
      if (!/^TOKEN_(EXPIRED|INVALID)$/.test(asDripError(thrown).code)) throw thrown;
      if (this.inside.viewerToken === used) await this.startVisit();
      // What one person wants is not done for another who came meanwhile; of asks the server knows whose they are.
      if (!isPatient && this.visit?.profile.id !== person) throw thrown;
    }
    return (await sendAs(await this.#currentToken())) as Data;
  }

  #where(placement = this.#placement) {
    return { placement, locale: this.locale };
  }

  async #next(placement: string): Promise<NextQuestion> {
    if (this.inside.viewerToken === null && !this.inside.starting) return (await this.startVisit({ placement })).next;
    await this.#currentToken();
    const person = this.visit?.profile.id;
    const { nextQuestion } = await this.call(NEXT_QUESTION, this.#where(placement), true);
    // Null for whoever is no person any more: this profile became part of another in a tab beside us. Or somebody else came.
    return nextQuestion && this.visit?.profile.id === person ? nextQuestion : (await this.startVisit({ placement })).next;
  }

  async #begin(): Promise<StartedVisit> {
    const signIn = await this.#takeSignIn();
    const identityToken = (await this.tokenSource?.()) ?? null;
    let result = await this.#start({ signIn, identityToken });
    if ("message" in result && (signIn ?? identityToken)) {
      // Whoever can't be let in as somebody is let in as nobody.
      this.fail(signIn ? "SIGN_IN_FAILED" : "IDENTITY_TOKEN_INVALID", result.message);
      result = await this.#start({ signIn: null, identityToken: null });
    } else if (signIn) this.signInError = null;
    if ("message" in result) throw new DripError("FORBIDDEN", result.message);

    const { viewerToken, expiresInSeconds, resumeToken, visit, profile, next } = result;
    Object.assign(this.inside, { viewerToken, expiresAt: Date.now() + expiresInSeconds * 1000 });
    this.inside.resumeToken.write(resumeToken);
    this.tokenSource = null;
    this.visit = { visit, profile, next };
    // What an earlier page could not send goes first, so that nobody is asked again what they answered.
    if (this.inside.kept.read()) {
      const post = (query: string, variables: object) => this.#post(viewerToken, query, variables);
      const { catchUp } = await import("./later.ts");
      this.visit.next = await catchUp(this, post, NEXT_QUESTION, this.#where(), next);
    }
    this.tell({ type: "visit", visit: this.visit });
    return this.visit;
  }

  async #start(proof: { signIn: SignInProof | null; identityToken: string | null }): Promise<StartVisitResult> {
    // Repeating it is safe: at worst an anonymous profile stays unused.
    const input = { ...proof, ...this.#where(), resumeToken: this.inside.resumeToken.read() };
    return ((await this.inside.postWithKey(START_VISIT, { input })) as { startVisit: StartVisitResult }).startVisit;
  }

  async #currentToken(): Promise<string> {
    while (this.inside.starting || this.inside.viewerToken === null) await this.startVisit();
    return this.inside.viewerToken;
  }

  /** The part that knows of sign-ins comes only when somebody comes back from one. */
  async #takeSignIn(): Promise<SignInProof | null> {
    const isBack = this.inside.signingIn.broughtBack ?? /acquaint_(code|error)=/.test(this.inside.signingIn.page?.location.hash ?? "");
    return isBack ? (await import("./signing.ts")).takeSignIn(this.inside.signingIn) : null;
  }

  fail(code: string, reason: string): void {
    const error = new DripError(code, reason);
    if (code === "SIGN_IN_FAILED") this.signInError = error;
    this.tell({ type: "error", error });
  }
}
