/** The frame of the playground: a page that embeds one element, in one state. */

import { element } from "../dom.ts";
import { SAMPLE_ENDPOINT, SampleServer, type Behaviour } from "./sample-server.ts";
import { sampleQuestion } from "./samples.ts";
import { attributesOf, sceneFrom, type Scene } from "./scene.ts";

const EVENTS = [
  ..."ready show shown answered skipped dismissed kept done error profile".split(" ").map((name) => `drip:${name}`),
  ..."changed erase erased next".split(" ").map((name) => `profile:${name}`),
];

const BEHAVIOURS: Partial<Record<Scene["state"], Behaviour>> = {
  refused: { refusal: "This answer was refused; it stays as you wrote it." },
  slow: { delay: 4_000 },
  offline: { isGone: "on answering" },
  "server-down": { isGone: "always" },
};

const scene = sceneFrom(new URLSearchParams(location.search));
const names = scene.state === "steps" ? ["SINGLE_CHOICE", "TEXT", "BOOLEAN"] : [scene.kind];
globalThis.fetch = new SampleServer(names.map(sampleQuestion), BEHAVIOURS[scene.state] ?? {}).fetch;

const page = document.documentElement;
Object.assign(page, { lang: scene.locale, dir: scene.dir });
Object.assign(page.dataset, { page: scene.page, mode: scene.mode });

const styles = new CSSStyleSheet();
document.adoptedStyleSheets = [styles];
styles.replaceSync(`html { font-size: ${scene.zoom}% }`);

const shown = document.createElement(scene.element);
const given = { endpoint: SAMPLE_ENDPOINT, key: `pk_${scene.kind}`, ...attributesOf(scene) };
for (const [name, value] of Object.entries(given)) shown.setAttribute(name, value);
if (scene.element === "drip-question") shown.setAttribute("storage", "none");

for (const name of EVENTS) {
  document.addEventListener(name, (event) => {
    parent.postMessage({ type: name, detail: told((event as CustomEvent).detail) }, location.origin);
  });
}
addEventListener("message", ({ origin, data }: MessageEvent<{ css?: string }>) => {
  if (origin === location.origin && typeof data.css === "string") styles.replaceSync(`html { font-size: ${scene.zoom}% }\n${data.css}`);
});

document.querySelector("main")!.append(shown);
new ResizeObserver(() => parent.postMessage({ height: document.body.scrollHeight }, location.origin)).observe(document.body);
parent.postMessage({ isReady: true }, location.origin);
void bring(scene);

/** What an event tells, on one line: of the ask its id. */
function told(detail: Record<string, unknown> | null): string {
  const { ask, error: _, ...more } = { ask: undefined, ...detail } as Record<string, unknown>;
  return JSON.stringify({ ...(ask ? { ask: (ask as { id: string }).id } : {}), ...more });
}

/** Does what a person would do until the element is in the state that is wanted. */
async function bring({ state, mode }: Scene): Promise<void> {
  if (scene.element !== "drip-question" || /question|steps|slow|down/.test(state)) return;
  if (state === "minimised") return mode === "popover" ? (await found(".minimise")).click() : undefined;
  if (state === "why") return (await found("summary")).click();
  const submit = await found(".submit");
  if (state !== "invalid") fillIn();
  submit.click();
}

/** Resolves once it is drawn. */
async function found(selector: string): Promise<HTMLElement> {
  for (;;) {
    const drawn = shown.shadowRoot?.querySelector<HTMLElement>(selector);
    if (drawn?.checkVisibility()) return drawn;
    await new Promise(requestAnimationFrame);
  }
}

const WRITTEN: Record<string, string> = {
  text: "Fewer meetings", textarea: "Quite a lot.", number: "42", date: "2024-01-31", email: "ada@example.com", tel: "+44 20 7946 0000",
  url: "https://example.com",
};

function fillIn(): void {
  const root = shown.shadowRoot!;
  root.querySelector<HTMLInputElement>("[type=radio], [type=checkbox]")?.click();
  for (const field of root.querySelectorAll<HTMLInputElement>(":is(input, textarea):not([type=radio], [type=checkbox], .other)")) {
    field.value = WRITTEN[field.type] ?? "";
  }
  for (const list of root.querySelectorAll("select")) list.selectedIndex = 1;
}

// The heading around it, so that an inline card stands somewhere.
document.querySelector("main")!.prepend(element("h1", {}, "Your page"), element("p", {}, "What stands around the element is yours: its font, its colours, its direction."));
