import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { MurmurationError } from "../errors.js";
import { PayloadMemory, readPayloadMemory } from "./payload-memory.js";

const stored = { bytesOf: (key: number) => Uint8Array.of(key) };
const isFull = (error: unknown) => error instanceof MurmurationError && error.code === "capacity";

describe("payloads in shared memory", () => {
  it("are read as they were put, whatever was given back before", () => {
    const command = fc.record({ length: fc.oneof(fc.nat(40), fc.nat(5_000)), gone: fc.nat(20), isPut: fc.boolean() });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
        const memory = new PayloadMemory(1024 * 1024);
        const reader = readPayloadMemory(memory.handle(), stored);
        const live: (readonly [key: number, bytes: Uint8Array])[] = [];
        const empty = memory.use;
        for (const [i, { length, gone, isPut }] of commands.entries()) {
          if (isPut || live.length === 0) {
            const bytes = new Uint8Array(length).fill(i);
            live.push([memory.put(bytes), bytes]);
          } else {
            const [[key]] = live.splice(gone % live.length, 1) as [(typeof live)[number]];
            memory.giveBack(key);
          }
          assert.ok(memory.use.free >= 0);
          for (const [key, bytes] of live) assert.deepEqual(reader.bytesOf(key), bytes);
        }
        for (const [key] of live) memory.giveBack(key);
        assert.deepEqual(memory.use, empty);
      }),
      { numRuns: 20 },
    );
  });

  it("give way to those of a log, whose keys are smaller", () => {
    const memory = new PayloadMemory(4_096);
    const reader = readPayloadMemory(memory.handle(), stored);
    assert.deepEqual(reader.bytesOf(7), Uint8Array.of(7));
    assert.ok(memory.put(Uint8Array.of(1)) > 2 ** 40);
  });

  it("are refused where there is no room, and taken again where some was given back", () => {
    const memory = new PayloadMemory(64 * 1024);
    const keys: number[] = [];
    const large = new Uint8Array(4_000);
    assert.throws(() => {
      for (;;) keys.push(memory.put(large));
    }, isFull);
    assert.equal(keys.length, 15);
    assert.throws(() => memory.put(large), isFull);
    memory.giveBack(keys[3] as number);
    assert.equal(memory.put(large), keys[3]);
    assert.throws(() => memory.put(large), isFull);
    memory.put(new Uint8Array(10));
  });
});
