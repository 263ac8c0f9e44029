import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { headers } from "nats";
import { contextHeaders, contextIn } from "./frame-context.js";
import { FrameSeal } from "./frame-seal.js";

const keys = [randomBytes(32)];
const plain = () => new FrameSeal("c", ["plain"]);
const sealed = () => new FrameSeal("c", keys);

describe("what goes along with a frame in its headers", () => {
  it("comes as it was sent, sealed where frames are, and then tells a broker nothing", () => {
    for (const [from, to] of [
      [plain(), plain()],
      [sealed(), sealed()],
    ] as const) {
      const sent = contextHeaders([undefined, '["öffentlich"]', "[1]"], from, 7);
      assert.equal(contextIn(sent, to, 7), '["öffentlich"]\n[1]');
    }
    const kept = contextHeaders(["geheim"], sealed(), 7)?.get("Murmuration-Context") ?? "";
    assert.ok(!Buffer.from(kept, "base64").toString("latin1").includes("geheim"));
  });

  it("is nothing where it is another sender's, not sealed as it has to be, too long, or no context at all", () => {
    assert.equal(contextIn(contextHeaders(["a"], sealed(), 7), sealed(), 8), undefined);
    assert.equal(contextIn(contextHeaders(["a"], plain(), 7), sealed(), 7), undefined);
    assert.equal(contextHeaders(["x".repeat(513)], plain(), 7), undefined);
    assert.equal(contextHeaders([undefined], plain(), 7), undefined);
    assert.equal(contextIn(undefined, plain(), 7), undefined);
    for (const value of ["", "%%%", "x".repeat(2_000), Buffer.from(randomBytes(90)).toString("base64")]) {
      const made = headers();
      made.set("Murmuration-Context", value);
      assert.equal(contextIn(made, sealed(), 7), undefined);
    }
  });
});
