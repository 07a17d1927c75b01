/** `<profile-panel>` and `<profile-meter>`: what is known about whoever is here, theirs to see and to correct. */

import css from "./panel/panel.css";
import type { Connection, DripNotice } from "./connection.ts";
import type { element } from "./dom.ts";
import { DripError } from "./errors.ts";
import type { localeOf, speechIn } from "./language.ts";
import * as documents from "./panel/documents.ts";
import type { KnownAttribute, KnownProfile } from "./panel/documents.ts";
import { editorOf, isEditable } from "./panel/editing.ts";
import { PANEL_TEXTS, type PanelTexts } from "./panel/texts.ts";
import type { Texts } from "./texts.ts";

/** What the entry lends, so that it need not come twice. */
export interface Lent {
  element: typeof element;
  localeOf: typeof localeOf;
  speechIn: typeof speechIn;
  adopt(root: ShadowRoot, css: string): void;
  connect(host: HTMLElement): Connection;
}

type Result = { result: { __typename: string; message?: string; request?: { id: string } } };

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
/** An archive is packed by a job; it is asked for this often, that many times. */
const LOOK_AGAIN_MS = 1_500;
const MOST_LOOKS = 40;

const views = new WeakMap<HTMLElement, View>();

/** Called whenever the element comes into a page. */
export function mount(host: HTMLElement, lent: Lent): void {
  if (!views.has(host)) views.set(host, new View(host, lent));
  void views.get(host)!.show();
}

class View {
  readonly #host: HTMLElement;
  readonly #lent: Lent;
  readonly #place: HTMLElement;
  readonly #status: HTMLElement;
  #connection: Connection | null = null;
  /** How many have been here, and who is. */
  #people = 0;
  #profileId: string | null = null;
  /** Where they ask for their archive, and where it is once it is packed. */
  #archive: HTMLElement | null = null;
  #texts: PanelTexts & Texts = { ...PANEL_TEXTS } as PanelTexts & Texts;
  #language = "en";

  constructor(host: HTMLElement, lent: Lent) {
    this.#host = host;
    this.#lent = lent;
    const root = host.attachShadow({ mode: "open" });
    lent.adopt(root, css);
    this.#place = lent.element("section", { class: "place card", part: "panel", tabindex: -1 });
    this.#status = lent.element("p", { part: "error", role: "status" });
    root.append(this.#place, this.#status);
  }

  async show(): Promise<void> {
    const { localeOf, speechIn, connect } = this.#lent;
    try {
      const isNew = !this.#connection;
      this.#connection ??= connect(this.#host);
      const { language, texts, direction } = await speechIn(localeOf(this.#host));
      this.#texts = { ...PANEL_TEXTS, ...texts };
      this.#language = language;
      Object.assign(this.#place, { lang: language }, direction && { dir: direction });
      // Not before there are words to draw with.
      if (isNew) this.#attend(this.#connection);
      await this.#draw(false);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** As long as the element is in the page; the connection, which outlives it, does not keep it. */
  #attend(connection: Connection): void {
    this.#profileId = connection.visit?.profile.id ?? null;
    const held = new WeakRef(this);
    const leave = connection.subscribe((notice) => {
      const view = held.deref();
      if (view && view.#host.isConnected) return view.#hear(notice);
      leave();
      if (!view) return;
      view.#forget();
      view.#connection = null;
    });
    import("./elsewhere.ts").then(({ heed }) => heed(connection), (thrown) => this.#fail(thrown));
  }

  #hear(notice: DripNotice): void {
    if (notice.type === "error") return;
    const id = notice.type === "visit" ? notice.visit.profile.id : this.#profileId;
    if (notice.type === "gone" || id !== this.#profileId) this.#forget();
    this.#profileId = id;
    if (notice.type !== "gone") void this.#draw(false);
  }

  /** Nobody sees what is known about whoever was here before, also not what was begun. */
  #forget(): void {
    this.#people++;
    this.#archive = null;
    if (this.#place.matches(":focus-within")) this.#place.focus();
    this.#place.replaceChildren();
    this.#status.textContent = "";
  }

  /** Draws what is known now; unless `isAsked` for, not over what somebody is about to change or to erase. */
  async #draw(isAsked = true): Promise<void> {
    const people = this.#people;
    try {
      const drawing = this.#host.localName === "profile-meter" ? await this.#meter() : await this.#panel();
      const focused = this.#host.shadowRoot?.activeElement;
      if (people !== this.#people || (!isAsked && this.#place.querySelector("form, [part=confirm], input:focus"))) return;
      this.#place.replaceChildren(...drawing());
      // Whoever was inside stays inside: what they pressed may be gone.
      if (focused) (this.#place.querySelector<HTMLElement>(`[id="${focused.id}"]`) ?? this.#place).focus();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  async #meter(): Promise<() => HTMLElement[]> {
    const { element } = this.#lent;
    const data = await this.#connection!.request<{
      viewer: { profile: { attributes: { key: string }[] } | null };
      attributeDefinitions: { edges: { node: { key: string; personAccess: string } }[] };
    }>(documents.MEASURE);
    const own = data.attributeDefinitions.edges.filter(({ node }) => node.personAccess === "READWRITE").map(({ node }) => node.key);
    const known = data.viewer.profile?.attributes.filter(({ key }) => own.includes(key)).length ?? 0;
    const words = filledIn(this.#texts.known, known, own.length);
    const { ask } = await this.#connection!.next();
    return () => [
      element("meter", { part: "meter", min: 0, max: own.length, value: known, "aria-label": words }),
      element("p", { part: "known" }, words),
      ...(ask ? [this.#button("next", `${this.#texts.next}: \u2068${ask.question.prompt}\u2069`, () => this.#goTo())] : []),
    ];
  }

  /** The next worthwhile step is a question, which a card of this page asks. */
  #goTo(): void {
    const card = document.querySelector<HTMLElement & { open?(): Promise<void> }>("drip-question");
    if (!this.#tell("profile:next")) return;
    void card?.open?.();
    card?.scrollIntoView({ block: "nearest" });
  }

  async #panel(): Promise<() => HTMLElement[]> {
    const { element } = this.#lent;
    const texts = this.#texts;
    const data = await this.#connection!.request<{ viewer: { profile: KnownProfile | null } }>(documents.PROFILE, { language: this.#language });
    const { attributes = [], consents = [], enrichments = [] } = data.viewer.profile ?? {};
    const lookups = enrichments.filter(({ enricher }) =>
      consents.some(({ purpose, isAllowed }) => isAllowed && purpose.key === enricher.purpose),
    );
    const section = (title: string, rows: HTMLElement[]): HTMLElement[] =>
      rows.length > 0 ? [element("div", {}, element("h3", {}, title), element("ul", {}, ...rows))] : [];
    // Not before it is to be shown: a part that stays would be missing where it was.
    return () => [
      element("h2", { part: "title" }, texts.title),
      attributes.length > 0
        ? element("ul", { part: "values" }, ...attributes.map((attribute) => this.#row(attribute)))
        : element("p", {}, texts.nothing),
      ...section(texts.consents, consents.map((consent) => this.#consent(consent))),
      ...section(texts.lookups, lookups.map((lookup) => this.#lookup(lookup))),
      element(
        "div",
        { class: "actions" },
        (this.#archive ??= this.#button("download", texts.download, ({ currentTarget }) => void this.#download(currentTarget as HTMLElement))),
        this.#button("erase", texts.erase, ({ currentTarget }) => this.#askToErase(currentTarget as HTMLElement)),
      ),
    ];
  }

  #row(attribute: KnownAttribute): HTMLElement {
    const { element } = this.#lent;
    const { label, value, source, observedAt, key, definition } = attribute;
    const texts = this.#texts;
    const { purpose } = definition;
    const isOwn = source.kind === "PERSON";
    const age = ageOf(observedAt, this.#language);
    const named = [...definition.options, { value: true, label: texts.yes }, { value: false, label: texts.no }];
    const labelOf = (each: unknown) => named.find((option) => option.value === each)?.label ?? String(each);
    const act = (part: string, words: string, onClick: () => void) => this.#button(part, words, onClick, { "aria-label": `${words}: ${label}` });
    const words = value !== null && typeof value === "object" && !Array.isArray(value) ? Object.values(value) : [value].flat().map(labelOf);
    const row = element(
      "li",
      { part: "row" },
      element("strong", { part: "label" }, label),
      element("span", { part: "value" }, words.join(", ")),
      element("small", { part: "source" }, isOwn ? filledIn(texts.bySelf, age) : filledIn(texts.by, source.label, age)),
      element(
        "div",
        { class: "acts" },
        isEditable(attribute) && act("correct", texts.correct, () => this.#edit(row, attribute)),
        isOwn && act("take-back", texts.takeBack, () => void this.#write(documents.CORRECT, { key, value: null })),
        // What somebody else says is hidden with the consent that it rests on.
        !isOwn && purpose && act("hide", texts.hide, () => void this.#write(documents.CONSENT, { purpose, state: "WITHDRAWN" })),
      ),
    );
    return row;
  }

  #edit(row: HTMLElement, attribute: KnownAttribute): void {
    const { element } = this.#lent;
    const { field, read } = editorOf(this.#lent, attribute, this.#texts);
    const save = element("button", { part: "submit", class: "submit" }, element("span", {}, this.#texts.save));
    const form = element("form", { novalidate: true }, field, save, this.#button("cancel", this.#texts.cancel, () => void this.#draw()));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (field.validity.badInput || !field.value) return void field.reportValidity();
      void this.#write(documents.CORRECT, { key: attribute.key, value: read() });
    });
    row.querySelector("form")?.remove();
    row.append(form);
    field.focus();
  }

  #consent({ purpose, isAllowed }: KnownProfile["consents"][number]): HTMLElement {
    const { element } = this.#lent;
    const box = element("input", { type: "checkbox", id: purpose.key, checked: isAllowed });
    box.addEventListener("change", () => {
      const state = box.checked ? "GRANTED" : "WITHDRAWN";
      void this.#write(documents.CONSENT, { purpose: purpose.key, state, textVersion: purpose.textVersion }).then((written) => {
        if (!written) box.checked = isAllowed;
      });
    });
    return element("li", { part: "consent" }, element("label", {}, box, element("bdi", {}, purpose.text || purpose.name)));
  }

  #lookup({ enricher }: KnownProfile["enrichments"][number]): HTMLElement {
    const stop = () => void this.#write(documents.CONSENT, { purpose: enricher.purpose, state: "WITHDRAWN" });
    const button = this.#button("stop", this.#texts.stop, stop, { "aria-label": `${this.#texts.stop}: ${enricher.name}` });
    return this.#lent.element("li", { part: "lookup" }, this.#lent.element("span", {}, enricher.name), button);
  }

  /** Once more, in a word that says what it means. */
  #askToErase(button: HTMLElement): void {
    if (!this.#tell("profile:erase")) return;
    const { element } = this.#lent;
    const { sure, eraseAll, cancel } = this.#texts;
    const asked = element(
      "div",
      { part: "confirm", role: "group", "aria-label": sure, tabindex: -1 },
      element("p", {}, sure),
      this.#button("erase-all", eraseAll, () => void this.#erase()),
      this.#button("cancel", cancel, () => {
        asked.replaceWith(button);
        button.focus();
      }),
    );
    button.replaceWith(asked);
    asked.focus();
  }

  /** Erases on the server, and forgets the person in this browser. */
  async #erase(): Promise<void> {
    const result = await this.#write(documents.ERASE, {}, false);
    if (!result) return;
    this.#tell("profile:erased");
    await import("./people.ts").then(({ reset }) => reset(this.#connection!)).catch((thrown) => this.#fail(thrown));
    this.#status.textContent = this.#texts.erased;
  }

  async #download(button: HTMLElement): Promise<void> {
    const { element } = this.#lent;
    const { download, failed, preparing, ready } = this.#texts;
    if (button.textContent === preparing) return;
    button.textContent = preparing;
    try {
      const { request } = (await this.#write(documents.EXPORT, {}, false)) ?? {};
      for (let looks = 0; request && looks < MOST_LOOKS && button === this.#archive; looks++) {
        const { node } = await this.#connection!.request<{ node: { downloadUrl: string | null } | null }>(documents.ARCHIVE, { id: request.id });
        if (node?.downloadUrl && button === this.#archive) {
          return this.#offer(button, element("a", { href: node.downloadUrl, download: true, part: "archive" }, ready));
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
      }
    } catch (thrown) {
      this.#status.textContent = failed;
      this.#fail(thrown);
    }
    button.textContent = download;
  }

  #offer(button: HTMLElement, link: HTMLElement): void {
    const wasFocused = button.matches(":focus");
    button.replaceWith((this.#archive = link));
    if (wasFocused) link.focus();
    // The link is good for some minutes; another is to be had when the panel is drawn anew.
    link.addEventListener("click", () => (this.#archive = null));
  }

  async #write(query: string, variables: Record<string, unknown>, isShown = true): Promise<Result["result"] | null> {
    try {
      const { result } = await this.#connection!.request<Result>(query, variables);
      const isTooLate = result.__typename === "RecentSignInError";
      this.#status.textContent = isTooLate ? this.#texts.signInAgain : (result.message ?? "");
      if (isTooLate) this.#tell("profile:sign-in");
      if (!result.message && isShown) {
        this.#tell("profile:changed");
        await this.#draw();
      }
      return result.message ? null : result;
    } catch (thrown) {
      this.#status.textContent = this.#texts.failed;
      this.#fail(thrown);
      return null;
    }
  }

  #button(part: string, words: string, onClick: (event: MouseEvent) => void, more = {}): HTMLElement {
    const button = this.#lent.element("button", { type: "button", part, ...more }, words);
    button.addEventListener("click", onClick);
    return button;
  }

  #tell(name: string): boolean {
    return this.#host.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, cancelable: true }));
  }

  #fail(thrown: unknown): void {
    const error = thrown instanceof Error && "code" in thrown ? (thrown as DripError) : new DripError("UNEXPECTED", String(thrown));
    console.warn(`<${this.#host.localName}> ${error.code}: ${error.message}`);
    this.#host.dispatchEvent(
      new CustomEvent("drip:error", { bubbles: true, composed: true, detail: { code: error.code, message: error.message, error } }),
    );
  }
}

function filledIn(text: string, ...values: (string | number)[]): string {
  return text.replace(/\{(\d)\}/g, (_, place: string) => String(values[Number(place)]));
}

/** "3 days ago", in a language. */
function ageOf(moment: string, language: string): string {
  const seconds = (Date.parse(moment) - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, least]) => -seconds >= least) ?? ["minute", 60];
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}
