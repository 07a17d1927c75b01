/** What the preview shows, as its address says it: the page writes it, the frame reads it. */

export const CHOICES = {
  element: ["drip-question", "profile-panel", "profile-meter"],
  kind: [
    "TEXT", "LONG_TEXT", "NUMBER", "RATING", "STARS", "EMOJI", "NPS", "BOOLEAN", "DATE", "SINGLE_CHOICE", "MULTI_CHOICE",
    "PICTURE_CHOICE", "RANKING", "EMAIL", "PHONE", "URL", "COUNTRY", "ADDRESS", "CONSENT", "CONFIRM",
  ],
  state: ["question", "steps", "invalid", "refused", "slow", "offline", "thanks", "why", "minimised", "server-down"],
  mode: ["inline", "popover", "modal"],
  theme: ["auto", "light", "dark"],
  page: ["light", "dark"],
  dir: ["ltr", "rtl"],
  locale: ["en", "ar", "de", "es", "fr", "he", "it", "ja", "ko", "nl", "pl", "pt", "sv", "tr", "uk", "zh"],
} as const;

export type Scene = { [Name in keyof typeof CHOICES]: (typeof CHOICES)[Name][number] } & {
  /** As the attribute has it; all unless given. */
  exits: string | null;
  /** Percent. */
  zoom: number;
};

export const NAMES = Object.keys(CHOICES) as (keyof typeof CHOICES)[];

/** The first choice stands for whatever is missing or unknown. */
export function sceneFrom(query: URLSearchParams): Scene {
  const chosen = NAMES.map((name) => {
    const allowed: readonly string[] = CHOICES[name];
    const written = query.get(name) ?? "";
    return [name, allowed.includes(written) ? written : allowed[0]];
  });
  const zoom = Math.min(Math.max(Number(query.get("zoom")) || 100, 100), 400);
  return { ...Object.fromEntries(chosen), exits: query.get("exits"), zoom } as Scene;
}

/** What differs from the first choices. */
export function queryOf(scene: Scene): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of NAMES) if (scene[name] !== CHOICES[name][0]) query.set(name, scene[name]);
  if (scene.exits !== null) query.set("exits", scene.exits);
  if (scene.zoom !== 100) query.set("zoom", String(scene.zoom));
  return query;
}

/** The element as a page would have it. */
export function attributesOf({ element, mode, theme, locale, exits }: Scene): Record<string, string> {
  const given: Record<string, string> = locale === "en" ? {} : { locale };
  if (element !== "drip-question") return given;
  if (mode !== "inline") given["mode"] = mode;
  if (theme !== "auto") given["theme"] = theme;
  if (exits !== null) given["exits"] = exits;
  return given;
}
