import assert from "node:assert/strict";
import { test } from "node:test";

import { hintFor, isAskable, parseAnswer } from "../src/answer.ts";
import type { Question } from "../src/types.ts";

const OPTIONS = ["a", "b", "c"].map((value) => ({ value, label: value.toUpperCase() }));

function question(overrides: Partial<Question> = {}): Question {
  return {
    id: "qst_1", key: "q", kind: "TEXT", prompt: "?", help: null, placeholder: null, isSkippable: true, options: [],
    minimum: null, maximum: null, minLength: null, maxLength: null, minChoices: null, maxChoices: null, ...overrides,
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

test("a date exists in the calendar", () => {
  const date = question({ kind: "DATE" });
  assert.deepEqual(parseAnswer(date, { texts: ["2024-02-29"] }), { value: "2024-02-29" });
  for (const wrong of ["2023-02-29", "0000-01-01", "1.1.2024", ""]) assert.ok(message(date, wrong), wrong);
});

test("a choice is one of the options", () => {
  const single = question({ kind: "SINGLE_CHOICE", options: OPTIONS });
  assert.deepEqual(parseAnswer(single, { texts: ["b"] }), { value: "b" });
  assert.ok(message(single, "x"));
  assert.deepEqual(parseAnswer(question({ kind: "BOOLEAN" }), { texts: ["false"] }), { value: false });
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
  assert.equal(isAskable(question({ kind: "SINGLE_CHOICE" })), false);
  assert.equal(isAskable(question({ kind: "SINGLE_CHOICE", options: OPTIONS })), true);
});
