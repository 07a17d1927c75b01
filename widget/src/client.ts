/**
 * Acquaint without a face: visits, questions and answers for people who draw their own.
 *
 * Importing this file touches no browser global, so a server may render a page that uses it.
 */

import { reportShown } from "./delivery.ts";
import { Connection, type DripClientOptions } from "./connection.ts";
import * as people from "./people.ts";
import type { AnswerValue, AskReport, AskResult, StartedVisit } from "./types.ts";

export { DripError } from "./errors.ts";
export type { DripErrorCode } from "./errors.ts";
export type { DripClientOptions, DripNotice } from "./connection.ts";
export type { DripStorage } from "./slot.ts";
export type * from "./types.ts";

/** What it returns for an ask is what the server said; `Kept` when the network is gone and it will be sent later. */
export class DripClient extends Connection {
  constructor(options: DripClientOptions) {
    super(options);
    this.subscribe(({ type }) => type === "visit" && people.keepFresh(this));
  }

  /** Safe to repeat: the ask's id makes it one answer. */
  answer(askId: string, value: AnswerValue, report: AskReport = {}): Promise<AskResult> {
    return this.deliver({ act: "answer", askId, value, report });
  }

  /** Puts an answer right as long as nothing newer came of its question. */
  correct(askId: string, value: AnswerValue): Promise<AskResult> {
    return this.deliver({ act: "correct", askId, value });
  }

  /** Not now. */
  skip(askId: string, report: AskReport = {}): Promise<AskResult> {
    return this.deliver({ act: "skip", askId, report });
  }

  /** Rather not say; or it does not apply. */
  decline(askId: string, isNotApplicable = false, report: AskReport = {}): Promise<AskResult> {
    return this.deliver({ act: "decline", askId, isNotApplicable, report });
  }

  /** Closed. */
  dismiss(askId: string, report: AskReport = {}): Promise<AskResult> {
    return this.deliver({ act: "dismiss", askId, report });
  }

  /** Came before the person's eyes: an ask that is seen and left counts as ignored. */
  reportShown(askId: string, report: AskReport = {}): Promise<void> {
    return reportShown(this, askId, report);
  }

  /** Sends what is kept. */
  async flush(): Promise<void> {
    await (await import("./later.ts")).flush(this);
  }

  /** Where to send the browser so that the person signs in and comes back to `returnTo` (this page unless given). */
  signInUrl(provider: string, returnTo?: string): Promise<string> {
    return people.signInUrl(this, provider, returnTo);
  }

  /**
   * Signs in in a small window and leaves the page as it is; call it from a click.
   *
   * Raises DripError POPUP_BLOCKED, SIGN_IN_FAILED, and SIGN_IN_SUPERSEDED when another one is begun meanwhile.
   */
  signInWithPopup(provider: string): Promise<StartedVisit> {
    return people.signInWithPopup(this, provider);
  }

  /** Begins a visit as the person whom the host's backend names in a token; what was said here as nobody joins them. */
  identify(identityToken: string, placement?: string): Promise<StartedVisit> {
    return people.identify(this, identityToken, placement);
  }

  /** Revokes the resume token, forgets it and begins a new anonymous visit. */
  signOut(placement?: string): Promise<StartedVisit> {
    return people.signOut(this, placement);
  }

  /** Forgets the person in this browser without telling the server, and begins a new anonymous visit. */
  reset(placement?: string): Promise<StartedVisit> {
    return people.reset(this, placement);
  }
}

/** Raises DripError BAD_CONFIGURATION for an endpoint that is no address or a key that is not publishable. */
export function createDripClient(options: DripClientOptions): DripClient {
  return new DripClient(options);
}
