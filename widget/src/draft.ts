/** A half-typed answer, kept in this tab over navigation and reload, for the person and the question it belongs to. */

import type { Connection } from "./connection.ts";
import { createSlot } from "./slot.ts";
import type { Ask } from "./types.ts";

export interface Draft {
  /** What was typed for this question by whoever is here now; null for nothing. */
  read(ask: Ask): string[] | null;
  write(ask: Ask, texts: string[]): void;
  clear(): void;
}

export function createDraft(client: Connection): Draft {
  const slot = createSlot(`acquaint:draft:${client.endpoint}|${client.key}`, () => (client.mayStore ? globalThis.sessionStorage : null));
  const owner = ({ question, placement }: Ask) => `${client.visit?.profile.id ?? ""} ${placement} ${question.id}`;
  return {
    read(ask) {
      try {
        const [of, texts] = JSON.parse(slot.read() ?? "[]") as [string?, string[]?];
        return of === owner(ask) && Array.isArray(texts) ? texts.map(String) : null;
      } catch {
        return null;
      }
    },
    write: (ask, texts) => void slot.write(JSON.stringify([owner(ask), texts])),
    clear: () => slot.clear(),
  };
}
