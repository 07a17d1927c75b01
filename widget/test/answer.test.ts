import assert from "node:assert/strict";
import { test } from "node:test";

import { parseAnswer as parse, type RawAnswer } from "../src/answer.ts";
import { hintFor as hint, OTHER } from "../src/asking.ts";
import { isAskable } from "../src/kinds.ts";
import { MESSAGES } from "../src/messages.ts";
import { TEXTS } from "../src/texts.ts";
import type { Question } from "../src/types.ts";

const OPTIONS = ["a", "b", "c"].map((value) => ({ value, label: value.toUpperCase(), picture: null }));

const parseAnswer = (asked: Question, raw: RawAnswer) => parse(asked, raw, MESSAGES);
const hintFor = (asked: Question) => hint(asked, TEXTS);

function question(overrides: Partial<Question> = {}): Question {
  return {
    id: "qst_1", key: "q", kind: "TEXT", language: "en", prompt: "?", help: null, why: null, placeholder: null,
    submitLabel: null, skipLabel: null, declineLabel: null, exits: ["SKIP", "DECLINE", "NOT_APPLICABLE", "CLOSE"], hasOther: false, ratingStyle: null, options: [],
    confirm: null, consent: null, minimum: null, maximum: null, minLength: null, maxLength: null, minChoices: null, maxChoices: null, ...overrides,
  };
}

function message(asked: Question, ...texts: string[]): string | undefined {
  const parsed = parseAnswer(asked, { texts });
  return "message" in parsed ? parsed.message : undefined;
}

test("a text is trimmed, and an empty one is no answer", () => {
  assert.deepEqual(parseAnswer(question(), { texts: ["  hello "] }), { value: "hello" });
  assert.ok(message(question(), "   "));
  assert.ok(message(question()));
});

test("a text's length counts characters as people do: an emoji is one", () => {
  assert.deepEqual(parseAnswer(question({ maxLength: 2 }), { texts: ["👍👍"] }), { value: "👍👍" });
  assert.match(message(question({ maxLength: 2 }), "abc") ?? "", /2/);
  assert.match(message(question({ minLength: 4 }), "abc") ?? "", /4/);
});

test("a number is read whole or not at all", () => {
  const number = question({ kind: "NUMBER", minimum: 1, maximum: 10 });
  assert.deepEqual(parseAnswer(number, { texts: ["2.5"] }), { value: 2.5 });
  for (const wrong of ["", "2x", "Infinity", "0", "11"]) assert.ok(message(number, wrong), wrong);
  assert.ok("message" in parseAnswer(number, { texts: [], isUnreadable: true }));
});

test("a date has a year of four digits", () => {
  const date = question({ kind: "DATE" });
  assert.deepEqual(parseAnswer(date, { texts: ["2024-02-29"] }), { value: "2024-02-29" });
  for (const wrong of ["20245-02-28", "1.1.2024", ""]) assert.ok(message(date, wrong), wrong);
});

test("a choice is one of the options", () => {
  const single = question({ kind: "SINGLE_CHOICE", options: OPTIONS });
  assert.deepEqual(parseAnswer(single, { texts: ["b"] }), { value: "b" });
  assert.ok(message(single, "x"));
  assert.ok(message(single, OTHER, "something else"));
  assert.deepEqual(parseAnswer(question({ kind: "BOOLEAN" }), { texts: ["false"] }), { value: false });
});

test("what no option says may be written where the question allows it", () => {
  const open = question({ kind: "SINGLE_CHOICE", options: OPTIONS, hasOther: true });
  assert.deepEqual(parseAnswer(open, { texts: [OTHER, "  my own "] }), { value: "my own" });
  assert.ok(message(open, OTHER, "  "));
  assert.match(message(open, OTHER, "x".repeat(501)) ?? "", /500/);
});

test("an e-mail address, a number and a web address look like one", () => {
  const email = question({ kind: "EMAIL" });
  assert.deepEqual(parseAnswer(email, { texts: [" ada@example.com "] }), { value: "ada@example.com" });
  for (const wrong of ["ada", "ada@", "ada@example", "a b@example.com"]) assert.equal(message(email, wrong), MESSAGES.badEmail, wrong);

  const phone = question({ kind: "PHONE" });
  for (const right of ["+44 20 7946 0000", "0044 (20) 7946-0000"]) assert.deepEqual(parseAnswer(phone, { texts: [right] }), { value: "+442079460000" });
  for (const wrong of ["", "020 7946 0000", "+44"]) assert.equal(message(phone, wrong), MESSAGES.badPhone, wrong);

  const url = question({ kind: "URL" });
  assert.deepEqual(parseAnswer(url, { texts: ["example.com/a"] }), { value: "https://example.com/a" });
  assert.deepEqual(parseAnswer(url, { texts: ["http://example.com"] }), { value: "http://example.com" });
  for (const wrong of ["javascript:alert(1)", "example", "https://"]) assert.equal(message(url, wrong), MESSAGES.badUrl, wrong);
});

test("a telephone number may be written as people write it, and nothing is made of its extension", () => {
  const said = (written: string): unknown => parseAnswer(question({ kind: "PHONE" }), { texts: [written] });

  for (const written of ["+44 20 7946-0000", "0044 (20) 7946.0000", "＋４４ ２０ ７９４６ ００００"]) {
    assert.deepEqual(said(written), { value: "+442079460000" }, written);
  }
  assert.ok("message" in (said("+49 30 901820 ext. 12") as object));
});

test("a web address may be written in any script", () => {
  assert.deepEqual(parseAnswer(question({ kind: "URL" }), { texts: ["münchen.de/rathaus"] }), { value: "https://münchen.de/rathaus" });
});

test("a multiple choice keeps its bounds, and says so beforehand", () => {
  const several = question({ kind: "MULTI_CHOICE", options: OPTIONS, minChoices: 2, maxChoices: 2 });
  assert.deepEqual(parseAnswer(several, { texts: ["a", "c"] }), { value: ["a", "c"] });
  assert.ok(message(several, "a"));
  assert.ok(message(several, "a", "b", "c"));
  assert.match(hintFor(several) ?? "", /2/);
  assert.equal(hintFor(question()), null);
});

test("a kind that this version does not know can't be asked", () => {
  assert.equal(isAskable(question({ kind: "HOLOGRAM" })), false);
  assert.equal(isAskable(question({ kind: "toString" })), false);
  assert.equal(isAskable(question({ kind: "MATRIX_CHOICE", options: OPTIONS })), false);
  assert.equal(isAskable(question({ kind: "SINGLE_CHOICE" })), false);
  assert.equal(isAskable(question({ kind: "SINGLE_CHOICE", options: OPTIONS })), true);
  assert.equal(isAskable(question({ kind: "NPS" })), false);
  assert.equal(isAskable(question({ kind: "NPS", minimum: 0, maximum: 10 })), true);
  assert.equal(isAskable(question({ kind: "CONFIRM" })), false);
});
