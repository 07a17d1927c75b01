/** One question of every kind, and a person of whom something is known: made up, and nobody's. */

import type { Question, QuestionOption } from "../types.ts";

const TEAMS = options("Design", "Engineering", "Marketing", "Sales");

function options(...labels: string[]): QuestionOption[] {
  return labels.map((label) => ({ value: label.toLowerCase(), label, picture: null }));
}

/** A small landscape, drawn here: pictures of options come from wherever their author put them. */
function picture(sky: string, land: string, curve: string): string {
  const drawn = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 60"><rect width="80" height="60" fill="${sky}"/>
<circle cx="60" cy="16" r="7" fill="#fff" opacity=".85"/><path d="${curve}" fill="${land}"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(drawn)}`;
}

const PLACES: QuestionOption[] = [
  { value: "sea", label: "The sea", picture: picture("#a8d8ea", "#2a6f97", "M0 40q20-8 40 0t40 0v20H0z") },
  { value: "hills", label: "The hills", picture: picture("#cfe8cf", "#3a7d44", "M0 48q18-30 36-6q16-26 44 2v16H0z") },
  { value: "city", label: "A city", picture: picture("#f6d7b0", "#5b4b6e", "M0 60V34h14V22h12v16h10V14h14v22h12V28h18v32z") },
];

const PLAIN: Omit<Question, "id" | "key" | "kind" | "prompt"> = {
  language: "en", help: null, why: null, placeholder: null, submitLabel: null, skipLabel: null, declineLabel: null,
  exits: ["SKIP", "DECLINE", "NOT_APPLICABLE", "CLOSE"], hasOther: false, ratingStyle: null, options: [], minimum: null,
  maximum: null, minLength: null, maxLength: null, minChoices: null, maxChoices: null, confirm: null, consent: null,
};

const WORDED: Record<string, Partial<Question> & { prompt: string }> = {
  TEXT: { prompt: "What would you like to achieve?", help: "In your own words.", placeholder: "Fewer meetings" },
  LONG_TEXT: { prompt: "What should we know about your project?", maxLength: 500 },
  NUMBER: { prompt: "How many people work with you?", minimum: 1, maximum: 100_000 },
  RATING: { prompt: "How well does this page work for you?", minimum: 1, maximum: 5, ratingStyle: "NUMBERS" },
  STARS: { kind: "RATING", prompt: "How do you like our coffee?", minimum: 1, maximum: 5, ratingStyle: "STARS" },
  EMOJI: { kind: "RATING", prompt: "How was your week?", minimum: 1, maximum: 5, ratingStyle: "EMOJI" },
  NPS: { prompt: "Would you recommend us to a friend?", minimum: 0, maximum: 10 },
  BOOLEAN: { prompt: "Do you work from home?" },
  DATE: { prompt: "When did you start?" },
  SINGLE_CHOICE: { prompt: "Which team are you in?", options: TEAMS, hasOther: true },
  MULTI_CHOICE: { prompt: "Which teams do you work with?", options: TEAMS, maxChoices: 3 },
  PICTURE_CHOICE: { prompt: "Where to next?", options: PLACES },
  RANKING: { prompt: "What matters most to you?", options: options("Price", "Speed", "Support") },
  EMAIL: { prompt: "Where can we write to you?" },
  PHONE: { prompt: "Where can we call you?" },
  URL: { prompt: "Where is your website?" },
  COUNTRY: { prompt: "Where do you live?" },
  ADDRESS: { prompt: "Where shall we send it?" },
  CONSENT: {
    prompt: "May we write to you?",
    consent: { purpose: "newsletter", text: "Twice a month, about what you chose. You can end it at any time.", textVersion: 1 },
  },
  CONFIRM: { prompt: "Do you still work there?", confirm: { value: "Acme", text: "Acme", source: "enricher:email_domain" } },
};

/** A question of this kind; every one says why it is asked. */
export function sampleQuestion(name: string): Question {
  const { kind = name, ...worded } = WORDED[name] ?? WORDED["TEXT"]!;
  const key = name.toLowerCase();
  return { ...PLAIN, id: `qst_${key}`, key, kind, why: "So that we show you what fits, and nothing else.", ...worded };
}

const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();

interface Known {
  key: string;
  label: string;
  value: unknown;
  observedAt: string;
  source: { kind: string; label: string };
  definition: { type: string; personAccess: string; purpose: string | null; options: { value: string; label: string }[] };
}

function known(key: string, label: string, value: unknown, hours: number, source: Known["source"], type = "STRING", choices: QuestionOption[] = []): Known {
  const [personAccess, purpose] = source.kind === "ENRICHER" ? ["READ", "lookups"] : ["READWRITE", null];
  return { key, label, value, observedAt: hoursAgo(hours), source, definition: { type, personAccess, purpose, options: choices } };
}

/** Everything that is known, may be done and is looked up: a person's profile. */
export function sampleProfile() {
  const self = { kind: "PERSON", label: "the person" };
  return {
    attributes: [
      known("name", "Name", "Ada Lovelace", 3, { kind: "IDENTITY", label: "Google" }),
      known("team", "Team", "engineering", 30, self, "ENUM", TEAMS),
      known("goal", "Goal", "Fewer meetings", 24 * 40, self),
      known("remote", "Works from home", true, 24 * 3, self, "BOOLEAN"),
      known("city", "City", "Turin", 5, { kind: "ENRICHER", label: "Location by IP address" }),
    ],
    consents: [
      { purpose: { key: "newsletter", name: "Newsletter", text: "You may write to me twice a month.", textVersion: 1 }, isAllowed: true },
      { purpose: { key: "lookups", name: "Look-ups", text: "You may look up where I am from my address on the internet.", textVersion: 1 }, isAllowed: true },
    ],
    enrichments: [{ enricher: { key: "ip", name: "Location by IP address", purpose: "lookups" } }],
  };
}
