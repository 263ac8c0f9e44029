import assert from "node:assert/strict";
import { test } from "node:test";
import { type LeftOut, nothingLeftOut } from "@murmuration/core";
import { LeftOutTold } from "./left-out-told.js";

test("what is left out is told when it changes, and each problem is logged once", () => {
  const told: (readonly string[])[] = [];
  const warned: string[] = [];
  const telling = new LeftOutTold(
    nothingLeftOut,
    ({ catalogueProblems }) => told.push(catalogueProblems.first),
    (problem) => warned.push(problem),
  );
  const withProblems = (...first: string[]): LeftOut => ({
    ...nothingLeftOut,
    catalogueProblems: { total: first.length, first },
  });
  telling.look(nothingLeftOut);
  assert.deepEqual(told, []);
  for (const leftOut of [withProblems("a"), withProblems("a"), withProblems("a", "b"), withProblems("b")])
    telling.look(leftOut);
  assert.deepEqual(warned, ["a", "b"]);
  assert.deepEqual(told, [["a"], ["a", "b"], ["b"]]);
});
