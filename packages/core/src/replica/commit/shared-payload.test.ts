import assert from "node:assert/strict";
import { test } from "node:test";
import { upsertOf } from "../../log/operation-payloads.test-support.js";
import { encodeOperation } from "../../operation/codec.js";
import type { Shard } from "../../state/shard.js";
import { sharedPayload } from "./shared-payload.js";

test("a payload is left out of an operation's row only where its text gives the same bytes again", () => {
  const { operation, bytes } = upsertOf("a", 3, 1);
  assert.ok(operation.kind === "upsert");
  const { time, origin, payload } = operation;
  const table = {
    state: () => ({ payloadStamp: { time, origin }, payload }),
    isPayloadNew: () => true,
    payloadKeyOf: () => 7,
  };
  const shared = (bytes: Uint8Array) => sharedPayload({ table } as unknown as Shard, operation, bytes, [1]);
  assert.equal(shared(bytes)?.key, 7);
  const other = encodeOperation({ ...operation, payload: { ...payload, b: 2 } });
  assert.equal(shared(other), undefined, "bytes that the text would not give");
});
