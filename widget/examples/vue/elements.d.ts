import type { DripEventMap, DripQuestionElement } from "@acquaint/widget";
import type { DefineComponent } from "vue";

type Props = Partial<Pick<DripQuestionElement, "key" | "endpoint" | "placement" | "locale" | "mode" | "theme" | "tokenUrl">> & {
  [Name in keyof DripEventMap as `on${Capitalize<Name>}`]?: (event: DripEventMap[Name]) => void;
};

declare module "vue" {
  interface GlobalComponents {
    "drip-question": DefineComponent<Props>;
  }
}
