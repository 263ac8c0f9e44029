import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { finish, type Sliced } from "@murmuration/index";
import { JsonText } from "./json-text.js";

const textOf = (text: JsonText) =>
  Buffer.concat(text.pieces().map((piece) => Buffer.from(piece as Uint8Array))).toString("utf8");

const of = (items: readonly unknown[]) =>
  function* (emit: (item: unknown) => void): Sliced<void> {
    for (const item of items) {
      emit(item);
      yield "pause";
    }
  };

describe("the text of an answer", () => {
  it("is the JSON of what it was written from, however large", async () => {
    for (const count of [0, 1, 2, 20_000]) {
      const items = Array.from({ length: count }, (_, i) => ({ i, text: "é".repeat(i % 30), big: 2n ** 60n }));
      const text = new JsonText();
      finish(text.list(of(items), (item) => item));
      const expected = `[${items.map(({ i, text: t }) => `{"i":${i},"text":"${t}","big":1152921504606846976}`).join(",")}]`;
      assert.equal(textOf(text), expected);
    }
  });

  it("pauses within a large item, and keeps the order of what was found with it in one go", async () => {
    const large = Array.from({ length: 200_000 }, (_, i) => i);
    const items = ["first", large, "second", [large], "last"];
    const text = new JsonText();
    const work = text.list(
      function* (emit: (item: unknown) => void): Sliced<number> {
        yield "fixed";
        for (const item of items) emit(item);
        return 7;
      },
      (item) => item,
    );
    let pauses = 0;
    let step = work.next();
    for (; step.done !== true; step = work.next()) pauses++;
    assert.equal(step.value, 7);
    assert.ok(pauses > 80, `${pauses}`);
    assert.ok(textOf(text) === JSON.stringify(items));
  });

  it("is refused beyond its bound, in words that say what to ask for instead", () => {
    const piece = "x".repeat(1024 * 1024);
    const text = new JsonText();
    const write = () => {
      for (let i = 0; i < 300; i++) text.value(piece);
    };
    assert.throws(write, /larger than 256 MiB: ask for fewer points/);
  });
});
