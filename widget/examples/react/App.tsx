import "@acquaint/widget";
import type { DripEventMap, DripQuestionElement } from "@acquaint/widget";
import { useState, type DetailedHTMLProps, type HTMLAttributes } from "react";

type Props = DetailedHTMLProps<HTMLAttributes<DripQuestionElement>, DripQuestionElement> &
  Partial<Pick<DripQuestionElement, "endpoint" | "placement" | "locale" | "mode" | "theme">> & {
    "token-url"?: string;
  } & {
    [Name in keyof DripEventMap as `on${Name}`]?: (event: DripEventMap[Name]) => void;
  };

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "drip-question": Props;
    }
  }
}

export function App({ endpoint, siteKey }: { endpoint: string; siteKey: string }) {
  const [answer, setAnswer] = useState("");
  // React keeps `key` for itself, so the property is set.
  const withKey = (element: DripQuestionElement | null): void => {
    if (element) element.key = siteKey;
  };
  return (
    <main>
      <drip-question
        ref={withKey}
        endpoint={endpoint}
        placement="home"
        token-url="/drip-token"
        ondrip:answered={({ detail }) => setAnswer(`${detail.ask.question.key}: ${String(detail.value)}`)}
      />
      <output>{answer}</output>
    </main>
  );
}
