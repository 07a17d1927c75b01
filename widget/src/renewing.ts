/** Keeps a page's viewer token good while the page stays open, so that nobody waits, and no half-typed answer is lost. */

/** Before the token ends, for a clock that runs late and a network that is slow. */
const MARGIN_SECONDS = 60;

export interface Renewal {
  /** Counts from now; renews once before so many seconds are over. Null, or nothing known: not at all. */
  schedule(expiresInSeconds: number | null | undefined): void;
}

/** `renew` may fail: then the next request finds that the token has ended, and begins the visit anew. */
export function createRenewal(renew: () => Promise<void>): Renewal {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    schedule(expiresInSeconds) {
      clearTimeout(timer);
      if (!expiresInSeconds) return;
      timer = setTimeout(() => void renew().catch(() => undefined), Math.max(expiresInSeconds - MARGIN_SECONDS, 1) * 1000);
      // Node has a process that should end.
      (timer as { unref?: () => void }).unref?.();
    },
  };
}
