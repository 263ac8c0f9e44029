import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDelivery } from "./delivery.js";

test("the place of a message is read from old and new servers, and from nothing else", () => {
  const expected = { streamSequence: 1234, consumerSequence: 7 };
  assert.deepEqual(parseDelivery("$JS.ACK.murmur_a.c1.1.1234.7.1700000000000000000.0"), expected);
  assert.deepEqual(parseDelivery("$JS.ACK._.hash.murmur_a.c1.1.1234.7.1700000000000000000.0"), expected);
  assert.deepEqual(parseDelivery("$JS.ACK.hub.hash.murmur_a.c1.1.1234.7.1700000000000000000.0.random"), expected);
  for (const other of [
    "",
    "_INBOX.a.b",
    "$JS.ACK.murmur_a.c1.1",
    "$JS.ACK.murmur_a.c1.1.x.7.1.0",
    "$JS.FC.a.b.c.d.e.f.g",
  ])
    assert.equal(parseDelivery(other), undefined);
});
