/** Somebody signs in or out in a tab beside this page, or did while it lay among the pages to go back to: comes with a question. */

import type { Connection } from "./connection.ts";
import { asDripError } from "./errors.ts";

const heeded = new WeakSet<Connection>();

/** Follows who is there in this browser; so that nobody sees what whoever left a shared computer would have been asked. */
export function heed(connection: Connection): void {
  if (heeded.has(connection)) return;
  heeded.add(connection);
  const { inside } = connection;
  let own = inside.resumeToken.read();
  connection.subscribe(({ type }) => {
    if (type === "visit") own = inside.resumeToken.read();
  });

  async function look(): Promise<void> {
    await inside.starting?.catch(() => undefined);
    const now = inside.resumeToken.read();
    if (now === own) return;
    own = now;
    inside.viewerToken = null;
    connection.tell({ type: "gone" });
    // Who leaves there is followed by somebody there.
    if (now) await connection.startVisit().catch((thrown) => connection.tell({ type: "error", error: asDripError(thrown) }));
  }
  addEventListener("storage", () => void look());
  addEventListener("pageshow", () => void look());
}
