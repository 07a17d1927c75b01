/** The playground: what is shown, and what to write to have it on a page. */

import manifest from "../../custom-elements.json" with { type: "json" };
import { element } from "../dom.ts";
import { attributesOf, CHOICES, NAMES, queryOf, sceneFrom, type Scene } from "./scene.ts";

type Property = { name: string; syntax: string; default?: string; description: string };

const EXITS = ["skip", "decline", "not-applicable", "close"];
const MOST_EVENTS = 50;
const LABELS: Record<(typeof NAMES)[number], string> = {
  element: "Element", kind: "Kind", state: "State", mode: "Mode", theme: "Theme", page: "Colours", dir: "Direction", locale: "Language",
};

const scene: Scene = sceneFrom(new URLSearchParams(location.search));
/** What was written for each property and part. */
const properties = new Map<string, string>();
const parts = new Map<string, string>();

const form = document.querySelector("form")!;
const frame = document.querySelector("iframe")!;
/** CSS pixels; to begin with, what there is room for. */
let width = Math.min(720, frame.offsetWidth);
const events = document.querySelector("ol")!;
const [html, css] = [code("html"), code("css")];

/** What to copy, under its heading. */
function code(name: string): HTMLElement {
  const shown = element("pre", { tabindex: 0, "aria-label": name.toUpperCase() });
  const copy = element("button", { type: "button", "aria-label": `Copy the ${name.toUpperCase()}` }, "Copy");
  copy.addEventListener("click", () => void navigator.clipboard.writeText(shown.textContent ?? "").then(() => (copy.textContent = "Copied")));
  document.querySelector(`#${name}-title`)!.after(copy, shown);
  return shown;
}

function choice(name: (typeof NAMES)[number]): HTMLElement {
  const list = element("select", {}, ...CHOICES[name].map((value) => element("option", { value }, value)));
  list.value = scene[name];
  list.addEventListener("change", () => {
    Object.assign(scene, { [name]: list.value });
    // Only the question has kinds, states and modes; each element has properties and parts of its own.
    if (name === "element") draw();
    reload();
  });
  return element("label", {}, element("span", {}, LABELS[name]), list);
}

function range(label: string, unit: string, [least, most, step]: [number, number, number], value: number, onInput: (value: number) => void): HTMLElement {
  const slider = element("input", { type: "range", min: least, max: most, step, value });
  const said = element("span", {}, `${label} ${value} ${unit}`);
  slider.addEventListener("input", () => {
    said.textContent = `${label} ${slider.value} ${unit}`;
    onInput(Number(slider.value));
  });
  return element("label", {}, said, slider);
}

function exits(): HTMLElement {
  const offered = scene.exits?.split(" ") ?? EXITS;
  const boxes = EXITS.map((name) => element("input", { type: "checkbox", value: name, checked: offered.includes(name) }));
  for (const box of boxes) {
    box.addEventListener("change", () => {
      const left = boxes.filter(({ checked }) => checked).map(({ value }) => value);
      scene.exits = left.length < EXITS.length ? left.join(" ") : null;
      reload();
    });
  }
  return element("div", { class: "ticks", role: "group", "aria-label": "Ways out" }, ...boxes.map((box) => element("label", {}, box, box.value)));
}

function property({ name, syntax, default: usual, description }: Property): HTMLElement {
  const written = element("input", { type: "text", value: properties.get(name) ?? "", placeholder: usual ?? "", "aria-label": name, spellcheck: "false" });
  const set = (value: string): void => {
    properties.set(name, value);
    restyle();
  };
  written.addEventListener("input", () => set(written.value));
  const label = element("label", {}, element("span", {}, name), element("span", { class: "note" }, description), written);
  if (syntax !== "<color>") return label;
  const picked = element("input", { type: "color", value: "#808080", "aria-label": `Pick ${name}` });
  picked.addEventListener("input", () => set((written.value = picked.value)));
  written.remove();
  label.append(element("span", { class: "both" }, written, picked));
  return label;
}

function part(names: { name: string; description: string }[]): HTMLElement {
  const list = element("select", {}, ...names.map(({ name, description }) => element("option", { value: name }, `${name}: ${description}`)));
  const written = element("textarea", { placeholder: "text-transform: uppercase;", "aria-label": "Declarations", spellcheck: "false" });
  list.addEventListener("change", () => void (written.value = parts.get(list.value) ?? ""));
  written.addEventListener("input", () => {
    parts.set(list.value, written.value);
    restyle();
  });
  return element("div", { class: "properties" }, element("label", {}, element("span", {}, "::part"), list), written);
}

function draw(): void {
  const shown = manifest.modules[0]!.declarations.find(({ tagName }) => tagName === scene.element)!;
  const isQuestion = scene.element === "drip-question";
  const resize = (value: number): void => void (frame.style.inlineSize = `${(width = value)}px`);
  resize(width);
  const slider = range("Width", "px", [280, 1000, 10], width, resize);
  const zoom = range("Text", "%", [100, 400, 25], scene.zoom, (value) => {
    scene.zoom = value;
    reload();
  });
  form.replaceChildren(
    element("fieldset", {}, element("legend", {}, "What"), choice("element"), ...(isQuestion ? [choice("kind"), choice("state")] : [])),
    element("fieldset", {}, element("legend", {}, "Attributes"), ...(isQuestion ? [choice("mode"), choice("theme")] : []), choice("locale"), isQuestion && exits()),
    element("fieldset", {}, element("legend", {}, "The page around it"), choice("page"), choice("dir"), slider, zoom),
    element("details", { open: true }, element("summary", {}, "Custom properties"), element("div", { class: "properties" }, ...(shown.cssProperties as Property[]).map(property))),
    element("details", { open: true }, element("summary", {}, "Parts"), part(shown.cssParts)),
  );
}

/** Another element: the frame begins anew, and the address says what is shown. */
function reload(): void {
  const query = queryOf(scene).toString();
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
  events.replaceChildren();
  frame.src = `/playground/preview?${query}`;
  const given = Object.entries(attributesOf(scene)).map(([name, value]) => ` ${name}="${value}"`).join("");
  html.textContent = `<script type="module" src="${location.origin}/widget/drip-question.js"></script>\n<${scene.element} key="pk_…"${given}></${scene.element}>`;
  restyle();
}

/** The same element in other clothes. */
function restyle(): void {
  const set = [...properties].filter(([, value]) => value.trim()).map(([name, value]) => `  ${name}: ${value.trim()};\n`);
  const rules = [...parts].filter(([, text]) => text.trim()).map(([name, text]) => `${scene.element}::part(${name}) {\n  ${text.trim()}\n}`);
  const text = [...(set.length > 0 ? [`${scene.element} {\n${set.join("")}}`] : []), ...rules].join("\n");
  css.textContent = text || "/* Nothing: it looks as the page does. */";
  frame.contentWindow?.postMessage({ css: text }, location.origin);
}

addEventListener("message", ({ origin, data }: MessageEvent<{ isReady?: boolean; height?: number; type?: string; detail?: string }>) => {
  if (origin !== location.origin) return;
  if (data.isReady) restyle();
  if (data.height) frame.style.blockSize = `${data.height}px`;
  if (data.type) {
    events.prepend(element("li", {}, element("b", {}, data.type), ` ${data.detail}`));
    while (events.children.length > MOST_EVENTS) events.lastElementChild!.remove();
  }
});

draw();
reload();
