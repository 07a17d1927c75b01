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

  function show(isSmall: boolean): void {
    launcher.hidden = !isSmall;
    smaller.hidden = card.place.hidden = isSmall;
  }

  /** The same as pressing the card's own button, where it has one. */
  function dismiss(event: Event): void {
    event.preventDefault();
    const close = card.place.querySelector<HTMLElement>("[data-act=close]");
    if (close) close.click();
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
  if (!isModal) frame.addEventListener("keydown", (event) => (event as KeyboardEvent).key === "Escape" && dismiss(event));
  // Whoever goes on writing below the card gets it out of the way.
  document.addEventListener("focusin", ({ target }) => {
    if (!isModal && isOpen && target !== host && isEditable(target) && overlaps(target, frame)) show(true);
  });

  return {
    async mayOpen() {
      if (isOpen && host.isConnected) return;
      if (!hasWaited) await new Promise((resolve) => setTimeout(resolve, secondsFrom(host) * 1000));
      hasWaited = true;
      while (isEditable(document.activeElement)) await once(document, "focusout");
    },
    open() {
      if (isModal && !(frame as HTMLDialogElement).open) (frame as HTMLDialogElement).showModal();
      else if (!isModal && !frame.matches(":popover-open")) frame.showPopover();
      if (!isOpen) show(false);
      isOpen = true;
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
