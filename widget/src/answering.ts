/** What follows once a question is on show: seeing it, answering it, going back. Comes after the question is drawn. */

import { parseAnswer } from "./answer.ts";
import css from "./answering.css";
import type { Act, Card, Exit } from "./card.ts";
import type { Connection } from "./connection.ts";
import type { Attention } from "./attending.ts";
import { deliver } from "./delivery.ts";
import { deviceReport } from "./device.ts";
import type { DripEventDetails } from "./events.ts";
import { MESSAGES, type Messages } from "./messages.ts";
import { closeWith, moveOn, refuse } from "./moving.ts";
import type { Parcel } from "./parcels.ts";
import type { Texts } from "./texts.ts";
import type { Ask, AskHandled, AskReport, AskResult, NextQuestion, Question } from "./types.ts";

export { deliver };

/** What the element lends. */
export interface Stage {
  card: Card;
  client: Connection;
  texts: () => Texts & Partial<Messages>;
  /** Shows what follows, introduced by `notice`; calls `close` when nothing does. */
  show(next: NextQuestion, notice: string | null | undefined, close: () => void): Promise<void>;
  /** Draws a question that was on show before, or is foreseen. */
  askAgain(ask: Ask): Promise<void>;
  /** Which question is on show, however it came there. */
  take(ask: Ask): void;
  reload(): Promise<void>;
  /** False when a listener prevented it. */
  tell<Name extends keyof DripEventDetails>(name: Name, detail: DripEventDetails[Name]): boolean;
  report(thrown: unknown): void;
  /** Tells the developer. */
  warn(code: string, message: string): void;
  isAskable(question: Question): boolean;
}

/** A question that was handled: what was put in and whether it counts as an answer. */
interface Past {
  ask: Ask;
  texts: string[];
  isAnswered: boolean;
}

/** What is sent: what the control held, the word to close with, whether it is an answer. */
interface Said {
  texts: string[];
  closing: string;
  isAnswer?: boolean;
}

const PASSES: Record<Exit, { parcel: Pick<Parcel, "act" | "isNotApplicable">; closing: keyof Messages }> = {
  skip: { parcel: { act: "skip" }, closing: "skipped" },
  decline: { parcel: { act: "decline", isNotApplicable: false }, closing: "declined" },
  "not-applicable": { parcel: { act: "decline", isNotApplicable: true }, closing: "declined" },
  close: { parcel: { act: "dismiss" }, closing: "skipped" },
};

export class Answering {
  readonly #stage: Stage;
  readonly #past: Past[] = [];
  #ask: Ask | null = null;
  #attention: Attention | null = null;
  #isRevised = false;
  #turn = 0;
  /** On show before the server has said that it is next. */
  #foreseen: Ask | null = null;
  #acting: Promise<void> | undefined;

  constructor(stage: Stage) {
    this.#stage = stage;
    const { card } = stage;
    card.css += css;
    // A question is on show already.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    card.root.adoptedStyleSheets.push(sheet);
  }

  get canGoBack(): boolean {
    return this.#past.length > 0;
  }

  /** A question is drawn; one that is only foreseen begins once it is sure. */
  begin(ask: Ask): void {
    if (ask === this.#foreseen) return;
    this.end();
    this.#ask = ask;
    const turn = this.#turn;
    import("./attending.ts").then(({ attend }) => {
      if (turn === this.#turn && this.#stage.card.form) this.#attention = attend(this.#stage, ask);
    }, this.#stage.report);
  }

  /** Nothing is on show any more. */
  end(): void {
    this.#turn++;
    this.#attention?.stop();
    this.#attention = this.#ask = this.#foreseen = null;
    this.#isRevised = false;
  }

  /** Forgets what was typed and what could be gone back to. */
  forget(): void {
    this.#attention?.forget();
    this.#past.length = 0;
  }

  /** See passing.ts. */
  async passOver(next: NextQuestion): Promise<NextQuestion> {
    return (await import("./passing.ts")).skipUnknown(this.#stage, next);
  }

  /** What is done to a foreseen question waits until it is sure, and is dropped when another comes instead. */
  async act(act: Act): Promise<void> {
    const { card } = this.#stage;
    const { form } = card;
    card.isBusy = true;
    await this.#acting?.catch(() => undefined);
    card.isBusy = false;
    if (this.#ask && form === card.form) await (this.#acting = this.#act(this.#ask, act));
  }

  #act(ask: Ask, act: Act): Promise<void> {
    if (act === "submit") return this.#submit(ask);
    return act === "back" ? this.#back() : this.#pass(ask, act);
  }

  async #submit(ask: Ask): Promise<void> {
    const { card } = this.#stage;
    const { control } = card;
    if (!control) return;
    const raw = control.read();
    const parsed = control.parse?.(this.#messages) ?? parseAnswer(ask.question, raw, this.#messages);
    refuse(card, "message" in parsed ? parsed.message : "");
    if (!("value" in parsed)) return;
    const { value } = parsed;
    const said: Said = { texts: raw.texts, closing: this.#messages.thanks, isAnswer: true };
    // What was answered before is put right; it counts as long as nothing newer came of its question.
    await this.#settle(ask, this.#isRevised ? { act: "correct", value } : { act: "answer", value, report: this.#report() }, said);
  }

  async #pass(ask: Ask, exit: Exit): Promise<void> {
    const { parcel, closing } = PASSES[exit];
    const texts = this.#stage.card.control?.read().texts ?? [];
    await this.#settle(ask, { ...parcel, report: this.#report() }, { texts, closing: this.#messages[closing] });
  }

  async #back(): Promise<void> {
    const past = this.#past.pop();
    if (!past) return;
    await this.#stage.askAgain(past.ask);
    this.#isRevised = past.isAnswered;
    this.#stage.card.control?.fill(past.texts);
  }

  /** Moves on at once and sends; whatever the server does not keep comes back as it was typed. */
  async #settle(ask: Ask, parcel: Omit<Parcel, "askId">, said: Said): Promise<void> {
    const { card, client, report, take } = this.#stage;
    const turn = this.#turn;
    card.isBusy = true;
    card.status.textContent = "";
    // At once and not by way of the client, which loads this part first: the page may end as soon as the card has moved on.
    const sending = deliver(client, { ...parcel, askId: ask.id });
    this.#past.push({ ask, texts: said.texts, isAnswered: Boolean(said.isAnswer) });
    const restore = moveOn(card, said.closing);
    const bringBack = (): void => {
      this.#past.pop();
      this.#foreseen = null;
      take(ask);
      restore();
    };
    const foreseeing = this.#foresee(ask.following);
    try {
      const result = await sending;
      await foreseeing;
      if (turn === this.#turn) await this.#settled(ask, result, said, bringBack);
    } catch (thrown) {
      if (turn === this.#turn) {
        bringBack();
        card.fail(this.#stage.texts().failed);
      }
      report(thrown);
    } finally {
      card.isBusy = false;
    }
  }

  /** Shows what comes after it, whatever the server will say, where that is known. */
  async #foresee(following: Ask | null | undefined): Promise<void> {
    const { card, isAskable, tell, askAgain } = this.#stage;
    if (!following || !navigator.onLine || !isAskable(following.question) || !tell("drip:show", { ask: following })) return;
    this.#foreseen = following;
    await askAgain(following);
    card.isBusy = false;
  }

  async #settled(ask: Ask, result: AskResult, { closing, isAnswer }: Said, bringBack: () => void): Promise<void> {
    const { card, show, take, tell } = this.#stage;
    if ("message" in result) {
      bringBack();
      return this.#refused(result);
    }
    if (!isHandled(result)) {
      bringBack();
      this.#attention?.forget();
      tell("drip:kept", { ask });
      return closeWith(card, this.#messages.kept);
    }
    this.#attention?.forget();
    this.tellOf(ask, result);
    if (isAnswer) card.status.textContent = this.#messages.saved;
    const next = result.next.ask;
    const isForeseen = next && this.#foreseen && !result.notice && told(next) === told(this.#foreseen);
    this.#foreseen = null;
    if (!isForeseen) return show(result.next, result.notice, () => closeWith(card, result.notice ?? closing));
    take(next);
    this.begin(next);
  }

  /** Announces what became of an ask, whether it was on show just now or sent late. */
  tellOf(ask: Ask, { outcome, value, isReplay }: AskHandled): void {
    const { tell, client } = this.#stage;
    if (outcome === "ANSWERED") tell("drip:answered", { ask, value, outcome, isReplay });
    else if (outcome === "DISMISSED") tell("drip:dismissed", { ask });
    else tell("drip:skipped", { ask, outcome });
    if (outcome === "ANSWERED" && client.visit) tell("drip:profile", { profileId: client.visit.profile.id, reason: "answer" });
  }

  async #refused(refusal: { __typename: string; message: string }): Promise<void> {
    const { card, reload, warn } = this.#stage;
    if (refusal.__typename === "InvalidAnswerError") return refuse(card, refusal.message);
    if (refusal.__typename === "UnknownAskError") {
      warn("UNKNOWN_ASK", refusal.message);
      return reload();
    }
    card.clear();
    warn("FORBIDDEN", refusal.message);
  }

  #report(): AskReport {
    return { ...deviceReport(), ...this.#attention?.milliseconds() };
  }

  get #messages(): Messages {
    return { ...MESSAGES, ...this.#stage.texts() };
  }
}

/** What a person reads of an ask, and what answers it. */
function told({ id, question }: Ask): string {
  return JSON.stringify([id, question]);
}

function isHandled(result: object): result is AskHandled {
  return "outcome" in result;
}
