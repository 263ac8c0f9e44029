import assert from "node:assert/strict";
import { test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { invitationText, readInvitation } from "./invitation.js";

const invitations = fc.record(
  {
    cluster: fc.string({ unit: "grapheme", maxLength: 40 }),
    member: fc.integer({ min: 1, max: 2 ** 24 - 1 }),
    fingerprint: fc.string(),
    name: fc.string(),
    endsMs: fc.nat(),
    secret: fc.uint8Array({ maxLength: 64 }),
  },
  { noNullPrototype: true },
);

test("an invitation reads back equal from its text, of letters, digits, - and _", () => {
  fc.assert(
    fc.property(invitations, (invitation) => {
      const text = invitationText(invitation);
      assert.match(text, /^[A-Za-z0-9_-]+$/);
      const read = readInvitation(text);
      assert.deepEqual({ ...read, secret: Uint8Array.from(read.secret) }, invitation);
    }),
  );
});

test("any other text is refused, and not told", () => {
  const texts = fc.oneof(
    fc.string(),
    fc.string().map((text) => `murmur-invitation-${text}`),
    fc.tuple(invitations, fc.nat(200)).map(([invitation, at]) => invitationText(invitation).slice(0, at)),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        readInvitation(text);
      } catch (error) {
        assert.ok(error instanceof MurmurationError && error.code === "validation");
        assert.equal(error.message, "it is no invitation, or not all of one");
      }
    }),
  );
});
