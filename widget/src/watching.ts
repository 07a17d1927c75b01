/** When a question came before somebody's eyes, and for how long it has been there. */

export interface Watch {
  /** How long it was to be seen, from the first moment on; nothing before that. */
  milliseconds(): { milliseconds?: number };
  stop(): void;
}

/** Half of it, or as much as fills half of the window. */
const ENOUGH_RATIO = 0.5;

/** `onSeen` is called once. A tab in the background does not count. */
export function createWatch(shown: Element, onSeen: () => void): Watch {
  let isInView = false;
  let isSeen = false;
  let since: number | null = null;
  let spent = 0;

  function look(): void {
    // An element that left the page is not held by it; the observer notices when it comes back.
    if (!shown.isConnected) document.removeEventListener("visibilitychange", look);
    const isVisible = document.visibilityState === "visible";
    if (isInView && isVisible && !isSeen) {
      isSeen = true;
      onSeen();
    }
    // Whoever scrolls on may still think about it; whoever is in another tab does something else.
    if (isSeen && isVisible && shown.isConnected) since ??= performance.now();
    else pause();
  }

  function pause(): void {
    if (since !== null) spent += performance.now() - since;
    since = null;
  }

  const observer = new IntersectionObserver(
    (entries) => {
      document.addEventListener("visibilitychange", look);
      const { intersectionRatio, intersectionRect, rootBounds } = entries.at(-1)!;
      isInView = intersectionRatio >= ENOUGH_RATIO || intersectionRect.height >= (rootBounds?.height ?? innerHeight) * ENOUGH_RATIO;
      look();
    },
    { threshold: [0.1, 0.25, ENOUGH_RATIO, 0.75] },
  );
  observer.observe(shown);
  return {
    milliseconds() {
      const running = since === null ? 0 : performance.now() - since;
      return isSeen ? { milliseconds: Math.round(spent + running) } : {};
    },
    stop() {
      observer.disconnect();
      document.removeEventListener("visibilitychange", look);
    },
  };
}
