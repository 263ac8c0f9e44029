import assert from "node:assert/strict";
import { test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { assertUntil } from "@murmuration/index/conformance";
import fc from "fast-check";
import { covers, emptyVersionVector } from "../causality/version-vector.js";
import { limits } from "../limits.js";
import { versionVectors } from "../operation/arbitraries.test-support.js";
import { decodeToken, encodeToken, isCovered, mergeTokens, type SessionToken } from "./token.js";

const HEADER = "x-session";
const isRefused = (error: unknown) =>
  error instanceof MurmurationError &&
  error.code === "format" &&
  error.field === HEADER &&
  error.message.includes(HEADER);

const shards = fc.oneof(fc.constantFrom("system", "a", "b"), fc.string({ unit: "grapheme", maxLength: 20 }));
const tokens: fc.Arbitrary<SessionToken> = fc
  .array(
    fc.tuple(
      shards,
      versionVectors.filter(({ size }) => size > 0),
    ),
    { maxLength: 4 },
  )
  .map((entries) => new Map(entries));

test("a token reads back equal, in characters that any header takes", () => {
  fc.assert(
    fc.property(tokens, (token) => {
      const text = encodeToken(token);
      assert.match(text, /^[\w-]+$/);
      assert.deepEqual(decodeToken(text, HEADER), token);
      assert.equal(encodeToken(new Map([...token].reverse())), text);
    }),
  );
});

test("a token is compact, and what is empty takes no room in it", () => {
  const frontier = new Map([
    [1, 100_000],
    [2, 200_000],
    [3, 3],
  ]);
  const token = new Map([["0123456789abcdef", frontier]]);
  const text = encodeToken(token);
  assert.ok(text.length <= 56, text);
  assert.equal(encodeToken(new Map([...token, ["other", emptyVersionVector]])), text);
});

test("garbage is refused by the name of its header", () => {
  const good = encodeToken(new Map([["a", new Map([[1, 2]])]]));
  const garbage = [
    "",
    "?",
    "AQ",
    `${good}=`,
    `${good} `,
    good.slice(1),
    good.slice(0, -2),
    `${good}AAAA`,
    "A".repeat(limits.tokenCharactersMax + 1),
  ];
  for (const text of garbage) assert.throws(() => decodeToken(text, HEADER), isRefused, text.slice(0, 40));
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String(), fc.uint8Array()), (value) => {
      const text = typeof value === "string" ? value : Buffer.from(value).toString("base64url");
      assert.throws(() => decodeToken(text, HEADER), isRefused);
    }),
  );
});

test("a token with any character changed is refused", () => {
  fc.assert(
    fc.property(tokens, fc.nat(), fc.constantFrom(..."ABCxyz019-_"), (token, place, character) => {
      const text = encodeToken(token);
      const at = place % text.length;
      const changed = text.slice(0, at) + character + text.slice(at + 1);
      if (changed !== text) assert.throws(() => decodeToken(changed, HEADER), isRefused);
    }),
  );
});

test("merging gives the least token that covers both", () => {
  fc.assert(
    fc.property(tokens, tokens, (a, b) => {
      const merged = mergeTokens(a, b);
      assert.ok(isCovered(merged, a) && isCovered(merged, b));
      assert.equal(encodeToken(merged), encodeToken(mergeTokens(b, a)));
      assert.equal(encodeToken(mergeTokens(merged, a)), encodeToken(merged));
      for (const [shard, frontier] of merged) {
        for (const [origin, sequence] of frontier) {
          assert.equal(sequence, Math.max(a.get(shard)?.get(origin) ?? 0, b.get(shard)?.get(origin) ?? 0));
        }
      }
    }),
  );
});

test("a frontier covers a token when it does so in every shard that is read", () => {
  const token = new Map([
    ["a", new Map([[1, 5]])],
    ["gone", new Map([[1, 9]])],
  ]);
  const frontiers = new Map([["a", new Map([[1, 5]])]]);
  assert.equal(isCovered(frontiers, token), false);
  assert.equal(isCovered(frontiers, token, ["a", "unknown"]), true);
  assert.equal(isCovered(new Map([["a", new Map([[1, 4]])]]), token, ["a"]), false);
  assert.equal(isCovered(new Map(), new Map()), true);
});

test("a session sees its writes and never less than it has seen, on any replica", () => {
  const replicas = [new Map<number, number>(), new Map<number, number>(), new Map<number, number>()];
  let refused = 0;
  assertUntil(
    () => ({ refused: [refused, 50] }),
    fc.property(fc.array(fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)), { minLength: 40, maxLength: 80 }), (moves) => {
      for (const frontier of replicas) frontier.clear();
      let text = encodeToken(new Map());
      let seen = new Map<number, number>();
      for (const [kind, at, from] of moves) {
        const frontier = replicas[at] as Map<number, number>;
        const token = decodeToken(text, HEADER);
        const see = () => encodeToken(mergeTokens(token, new Map([["s", frontier]])));
        if (kind === 0) {
          // replicas exchange what they hold
          for (const [origin, sequence] of replicas[from] as Map<number, number>) {
            frontier.set(origin, Math.max(sequence, frontier.get(origin) ?? 0));
          }
        } else if (kind === 1) {
          frontier.set(at + 1, (frontier.get(at + 1) ?? 0) + 1);
          text = see();
          seen.set(at + 1, frontier.get(at + 1) as number);
        } else if (isCovered(new Map([["s", frontier]]), token)) {
          assert.ok(covers(frontier, seen));
          text = see();
          seen = new Map(frontier);
        } else {
          refused += 1;
        }
      }
    }),
  );
});
