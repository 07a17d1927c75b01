/** `<drip-question>`: when to ask, and whom to tell. The looks are in card.ts, what follows a question in answering.ts. */

import type { Answering } from "./answering.ts";
import { ATTRIBUTES, choiceFrom, endpointFrom, exitsFrom, placementFrom, type AttributeName } from "./attributes.ts";
import { Card, type Act } from "./card.ts";
import type { Connection, DripNotice } from "./connection.ts";
import { asDripError, DripError } from "./errors.ts";
import { dispatch, type DripEventDetails } from "./events.ts";
import { isAskable } from "./kinds.ts";
import { ENGLISH, localeOf, speechIn, type Speech } from "./language.ts";
import { BaseElement, reflect, takeOver } from "./reflecting.ts";
import { sharedConnection } from "./shared-connection.ts";
import type { Ask, AskHandled, NextQuestion } from "./types.ts";

/** A rest that ends later than this waits for the next page. */
const LONGEST_REST_MS = 5 * 60_000;
/** A rest is never shorter, whatever the two clocks say, and the next one not than twice that. */
const SHORTEST_REST_MS = 2_000;
export class DripQuestionElement extends BaseElement {
  static readonly observedAttributes: readonly AttributeName[] = ATTRIBUTES;

  declare endpoint: string | null;
  declare key: string | null;
  declare placement: string | null;
  declare locale: string | null;
  declare mode: string | null;
  declare theme: string | null;
  declare exits: string | null;
  declare delay: string | null;
  declare storage: string | null;
  declare signals: string | null;
  declare tokenUrl: string | null;

  readonly #card = new Card(this.attachShadow({ mode: "open" }));
  #client: Connection | null = null;
  #unsubscribe: (() => void) | null = null;
  #answering: Promise<Answering> | null = null;
  #speech: Speech = ENGLISH;
  #isJoining = false;
  /** Counts what replaced what was on show; whoever comes back to another number comes too late. */
  #turn = 0;
  #isLoading = false;
  /** What the last load asked for, and the profile and visit that drip:ready was told of. */
  #loaded = "";
  #greeted = "";
  #profileId: string | null = null;
  #rest: ReturnType<typeof setTimeout> | undefined;
  /** In a row. */
  #rests = 0;
  #ask: Ask | null = null;

  /** Null until the element is connected and configured. */
  get client(): Connection | null {
    return this.#client;
  }

  connectedCallback(): void {
    takeOver(this, ATTRIBUTES);
    this.#card.reopen?.();
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
    return this.#load((client) => client.next(this.#placement));
  }

  /** Shows the question that a listener kept back, or that was closed by `close()`. */
  async open(): Promise<void> {
    if (this.#ask) await this.#draw(this.#ask, null);
  }

  /** Takes the question away without an outcome; `open()` brings it back. */
  close(): void {
    this.#card.clear();
    void this.#answering?.then((answering) => answering.end());
  }

  /** Forgets what was typed, and shows nothing. */
  clear(): void {
    this.#turn++;
    this.#isLoading = false;
    // First: what is closed is no longer looked after.
    void this.#answering?.then((answering) => answering.forget());
    this.close();
    this.#ask = null;
  }

  /** Leaves for the provider; the person comes back to this page. */
  signIn(provider: string): Promise<void> {
    return this.#lead("signIn", provider);
  }

  /** Signs in in a small window and leaves this page as it is; call it from a click. */
  signInWithPopup(provider: string): Promise<void> {
    return this.#lead("signInWithPopup", provider);
  }

  /** Begins a visit as the person whom the host's backend names in a signed token. */
  setToken(token: string): Promise<void> {
    return this.#lead("identify", token);
  }

  /** Signs the person out on the server and begins anew. */
  signOut(): Promise<void> {
    this.clear();
    return this.#lead("signOut");
  }

  /** Forgets the person in this browser and begins anew. */
  reset(): Promise<void> {
    this.clear();
    return this.#lead("reset");
  }

  /** Whoever comes of it, the connection tells; every element of the page then asks what to ask them. */
  async #lead(lead: "signIn" | "signInWithPopup" | "identify" | "signOut" | "reset", given?: string): Promise<void> {
    try {
      if (this.#client) await (await import("./people.ts"))[lead](this.#client, given ?? this.#placement, this.#placement);
    } catch (thrown) {
      // Whoever wants to be gone is, though what tells the server does not come.
      if (given === undefined) this.#client?.forget();
      // A sign-in that failed was told of by the connection.
      if (asDripError(thrown).code !== "SIGN_IN_FAILED") this.#report(thrown);
    }
  }

  get #placement(): string {
    return placementFrom(this.placement, () => undefined);
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
      this.#client = sharedConnection(endpointFrom(this.endpoint, import.meta.url), this.key ?? "");
    } catch (thrown) {
      this.#client = null;
      this.#turn++;
      this.#card.clear();
      this.#report(thrown);
      return;
    }
    const client = this.#client;
    const warn = (name: string, written: string): void =>
      this.#report(new DripError("BAD_ATTRIBUTE", `${name}="${written}"`));
    client.mayStore = choiceFrom("storage", this.storage, warn) === "local";
    client.locale = localeOf(this);
    const url = this.tokenUrl;
    if (url && client !== before) client.tokenSource = () => import("./people.ts").then(({ tokenFrom }) => tokenFrom(url));
    choiceFrom("mode", this.mode, warn);
    this.exits?.split(" ").map((exit) => choiceFrom("exits", exit, warn));
    this.#card.place.dataset["theme"] = choiceFrom("theme", this.theme, warn);
    if (choiceFrom("signals", this.signals, warn) === "respect" && isOptedOut()) {
      this.clear();
      this.#tell("drip:done", { state: "OPTED_OUT", until: null });
      return;
    }

    this.#unsubscribe = client.subscribe((notice) => this.#hear(notice));
    if (client !== before) this.#answering = null;
    const loaded = placementFrom(this.placement, warn) + client.locale;
    const isSamePerson = this.#isLoading || (client.visit?.profile.id ?? null) === this.#profileId;
    if (client !== before || this.#loaded !== loaded || !isSamePerson) void this.reload();
  }

  #hear(notice: DripNotice): void {
    if (notice.type === "error") {
      const loaded = import("./explaining.ts").then(({ pageLoaded }) => pageLoaded(), () => undefined);
      void loaded.then(() => this.#report(notice.error));
    } else if (notice.type === "visit") {
      if (!this.#isLoading && notice.visit.profile.id !== this.#profileId) void this.reload();
    } else if (notice.type === "gone") {
      this.clear();
      this.#profileId = null;
    } else if (this.#ask?.id === notice.parcel.askId && "outcome" in notice.result) {
      // Sent late, or from another card of this page that asks the same.
      void this.#catchUp(this.#ask, notice.isLate, notice.result);
    }
  }

  async #load(find: (client: Connection) => Promise<NextQuestion>): Promise<void> {
    const client = this.#client;
    if (!client) return;
    const turn = ++this.#turn;
    this.#isLoading = true;
    this.#loaded = this.#placement + client.locale;
    try {
      const speech = speechIn(localeOf(this));
      const next = await find(client);
      if (turn !== this.#turn) return;
      // Whoever comes from now on is another, and is heard of.
      this.#isLoading = false;
      this.#greet(client);
      this.#speech = await speech;
      if (turn === this.#turn) await this.#show(next);
    } catch (thrown) {
      if (turn === this.#turn) {
        this.#isLoading = false;
        this.#card.clear();
      }
      this.#report(thrown);
    }
  }

  #greet({ visit }: Connection): void {
    const greeted = visit && `${visit.profile.id} ${visit.visit.id}`;
    if (!greeted || greeted === this.#greeted) return;
    this.#greeted = greeted;
    this.#profileId = visit.profile.id;
    this.#tell("drip:ready", { visit: visit.visit, profile: visit.profile });
    this.#tell("drip:profile", { profileId: visit.profile.id, reason: "visit" });
  }

  /** `notice` introduces what follows; `close` is for when nothing does. */
  async #show(next: NextQuestion, notice: string | null = null, close = () => this.#card.clear()): Promise<void> {
    clearTimeout(this.#rest);
    const isKnown = !next.ask || isAskable(next.ask.question);
    const shown = isKnown ? next : await (await this.#openAnswering()).passOver(next);
    this.#ask = shown.ask;
    if (!this.#ask) this.#finish(shown, close);
    else {
      this.#rests = 0;
      if (this.#tell("drip:show", { ask: this.#ask })) await this.#draw(this.#ask, notice);
      else this.close();
    }
  }

  async #draw(ask: Ask, notice: string | null): Promise<void> {
    const answering = await this.#answering;
    const { language, texts, direction } = this.#speech;
    const asked = { ask, texts, language, notice, exits: exitsFrom(this.exits, ask.question), canGoBack: answering?.canGoBack ?? false };
    const shell = /^(popover|modal)$/.test(`${this.mode}`) && (await import("./popover.ts")).shellOf(this.#card, this, texts);
    if (shell) await shell.mayOpen();
    if (this.#ask !== ask || !(await this.#card.ask(asked, (act) => void this.#act(act)))) return;
    if (shell) shell.open();
    if (direction) this.#card.place.dir = direction;
    this.#card.place.lang = language;
    // What answering needs comes while the person reads.
    await this.#openAnswering().then(
      (opened) => void (this.#ask === ask && this.#card.form && opened.begin(ask)),
      (thrown) => this.#report(thrown),
    );
  }

  #finish({ state, until }: NextQuestion, close: () => void): void {
    void this.#answering?.then((answering) => answering.end());
    close();
    this.#tell("drip:done", { state: state === "DONE" ? state : "RESTING", until });

    const rest = until === null ? Infinity : Math.max(Date.parse(until) - Date.now(), SHORTEST_REST_MS * 2 ** this.#rests++);
    if (rest <= LONGEST_REST_MS) this.#rest = setTimeout(() => this.isConnected && void this.reload(), rest);
  }

  async #act(act: Act): Promise<void> {
    try {
      await (await this.#openAnswering()).act(act);
    } catch (thrown) {
      this.#card.fail(this.#speech.texts.failed);
      this.#report(thrown);
    }
  }

  async #catchUp(ask: Ask, isLate: boolean, result: AskHandled): Promise<void> {
    const answering = await this.#openAnswering();
    if (isLate) answering.tellOf(ask, result);
    else if (this.#card.isBusy) return;
    answering.end();
    await this.#show(result.next);
  }

  #openAnswering(): Promise<Answering> {
    const client = this.#client!;
    this.#answering ??= import("./answering.ts").then(
      ({ Answering }) =>
        new Answering({
          card: this.#card,
          client,
          texts: () => this.#speech.texts,
          show: (next, notice, close) => this.#show(next, notice, close),
          askAgain: (ask) => this.#draw((this.#ask = ask), null),
          take: (ask) => void (this.#ask = ask),
          reload: () => this.reload(),
          tell: (name, detail) => this.#tell(name, detail),
          report: (thrown) => this.#report(thrown),
          warn: (code, message) => this.#report(new DripError(code, message)),
          isAskable,
        }),
    );
    this.#answering.catch(() => (this.#answering = null));
    return this.#answering;
  }

  #tell<Name extends keyof DripEventDetails>(name: Name, detail: DripEventDetails[Name]): boolean {
    return dispatch(this, name, detail);
  }

  #report(thrown: unknown): void {
    const error = asDripError(thrown);
    const explained = import("./explaining.ts").then(({ explain }) => explain(error.code), () => "");
    void explained.then((sentence) => console.warn(`<drip-question> ${error.code}: ${error.message} ${sentence}`));
    this.#tell("drip:error", { code: error.code, message: error.message, error });
  }
}

reflect(DripQuestionElement, ATTRIBUTES);

function isOptedOut(): boolean {
  const { globalPrivacyControl, doNotTrack } = navigator as Navigator & { globalPrivacyControl?: boolean };
  return globalPrivacyControl === true || doNotTrack === "1";
}
