/** A card in the corner of the window, or a modal one: after a delay, never over what somebody is writing in. */

import css from "./popover.css";
import type { Card } from "./card.ts";
import { element } from "./dom.ts";
import { DripError } from "./errors.ts";
import { dispatch } from "./events.ts";
import { POPOVER_TEXTS, type PopoverTexts } from "./popover-texts.ts";

export interface Shell {
  /** Resolves once it may appear: after the delay, and when nobody writes. */
  mayOpen(): Promise<void>;
  open(): void;
  minimise(): void;
}

/** The element that the card belongs to, with its attributes. */
export interface ShellHost extends HTMLElement {
  mode: string | null;
  /** Seconds. */
  delay: string | null;
}

const LONGEST_DELAY_SECONDS = 3600;
/** A word to close with is read by then; nobody should have to clear it away. */
const LAST_WORD_MS = 5_000;
const EDITABLE = "input, textarea, select, [contenteditable]:not([contenteditable=false])";

const shells = new WeakMap<Card, Shell>();

/** One shell for each card; the card moves into it. */
export function shellOf(card: Card, host: ShellHost, texts: Partial<PopoverTexts>): Shell {
  const shell = shells.get(card) ?? createShell(card, host, texts);
  shells.set(card, shell);
  return shell;
}

function createShell(card: Card, host: ShellHost, given: Partial<PopoverTexts>): Shell {
  const isModal = host.mode === "modal";
  const texts = { ...POPOVER_TEXTS, ...given };
  const launcher = element("button", { type: "button", part: "launcher", hidden: true }, texts.launch);
  const smaller = element("button", { type: "button", part: "minimise", "aria-label": texts.minimise }, "–");
  const frame = isModal
    ? element("dialog", { part: "shell", "aria-label": texts.launch })
    : element("div", { part: "shell", role: "dialog", "aria-label": texts.launch, popover: "manual" });
  frame.append(launcher, isModal ? "" : smaller, card.place);
  card.root.append(frame);
  card.css += css;
  let isOpen = false;
  let hasWaited = false;
  let isDismissed = false;
  let cameFrom: HTMLElement | undefined;
  let leaving: ReturnType<typeof setTimeout> | undefined;
  let comeBack: (() => void) | undefined;

  function show(isSmall: boolean): void {
    launcher.hidden = !isSmall;
    card.place.hidden = isSmall;
    smaller.hidden = isSmall || !card.form;
  }

  function open(): void {
    isOpen = true;
    if (!host.isConnected) return;
    document.addEventListener("focusin", giveWay);
    if (frame.matches(":modal, :popover-open")) return;
    if (!isModal) return frame.showPopover();
    // One that left the page is open still, and modal no more.
    (frame as HTMLDialogElement).close();
    (frame as HTMLDialogElement).showModal();
  }

  /** Whoever was inside goes back to where they came from. */
  function close(): void {
    isOpen = false;
    document.removeEventListener("focusin", giveWay);
    if (isModal) (frame as HTMLDialogElement).close();
    else if (frame.matches(":popover-open")) frame.hidePopover();
    if (document.activeElement === document.body) cameFrom?.focus({ preventScroll: true });
  }

  /** An empty shell would keep the page shut, or the corner taken. */
  function look(): void {
    clearTimeout(leaving);
    if (!card.place.firstChild) return close();
    smaller.hidden = card.place.hidden || !card.form;
    if (!card.form) leaving = setTimeout(() => card.isBusy || card.clear(), isDismissed ? 0 : LAST_WORD_MS);
  }

  /** Whoever goes on writing below the card gets it out of the way. */
  function giveWay({ target }: Event): void {
    if (!host.isConnected) document.removeEventListener("focusin", giveWay);
    else if (!isModal && target !== host && isEditable(target) && overlaps(target, frame)) show(true);
  }

  /** The same as pressing the card's own button, where it has one. */
  function dismiss(event: Event): void {
    event.preventDefault();
    const button = card.place.querySelector<HTMLElement>("[data-act=close]");
    if (button) button.click();
    else if (!card.form && !card.isBusy) card.clear();
    else if (!isModal) show(true);
  }

  launcher.addEventListener("click", () => {
    show(false);
    card.control?.focus();
  });
  smaller.addEventListener("click", () => {
    show(true);
    launcher.focus();
  });
  frame.addEventListener("cancel", dismiss);
  frame.addEventListener("keydown", (event) => {
    const { key, isComposing } = event as KeyboardEvent;
    // Within an input method Escape takes back what is composed.
    if (!isModal && key === "Escape" && !isComposing) dismiss(event);
  });
  frame.addEventListener("click", ({ target }) => {
    isDismissed = (target as Element).matches("[data-act=close]");
  });
  frame.addEventListener("focusin", (event) => {
    const from = (event as FocusEvent).relatedTarget as HTMLElement | null;
    if (from && !frame.contains(from)) cameFrom = from;
  });
  new MutationObserver(look).observe(card.place, { childList: true });
  // A browser closes what leaves the page.
  card.reopen = () => {
    comeBack?.();
    if (isOpen) open();
  };

  return {
    async mayOpen() {
      if (isOpen && host.isConnected) return;
      if (!hasWaited) await new Promise((resolve) => setTimeout(resolve, secondsFrom(host) * 1000));
      hasWaited = true;
      while (isEditable(document.activeElement)) await once(document, "focusout");
      while (!host.isConnected) await new Promise<void>((resolve) => (comeBack = resolve));
    },
    open() {
      if (!isOpen) show(false);
      open();
    },
    minimise: () => show(true),
  };
}

/** What is written, or none: then the developer hears of it. */
function secondsFrom(host: ShellHost): number {
  const seconds = Number(host.delay);
  if (seconds >= 0 && seconds <= LONGEST_DELAY_SECONDS) return seconds;
  const error = new DripError("BAD_ATTRIBUTE", `delay="${host.delay}"`);
  console.warn(`<drip-question> ${error.code}: ${error.message}`);
  dispatch(host, "drip:error", { code: error.code, message: error.message, error });
  return 0;
}

function isEditable(target: unknown): target is Element {
  return target instanceof Element && target.matches(EDITABLE);
}

function overlaps(one: Element, other: Element): boolean {
  const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function once(target: EventTarget, name: string): Promise<void> {
  // One turn later the focus is where it went.
  return new Promise((resolve) => target.addEventListener(name, () => setTimeout(resolve), { once: true }));
}
