import type { DripQuestionElement } from "@acquaint/widget";
import type { HTMLAttributes } from "svelte/elements";

type Props = HTMLAttributes<DripQuestionElement> &
  Partial<Pick<DripQuestionElement, "key" | "endpoint" | "placement" | "locale" | "mode" | "theme">> & { "token-url"?: string };

declare module "svelte/elements" {
  interface SvelteHTMLElements {
    "drip-question": Props;
  }
}
