import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import * as Automerge from "@automerge/automerge";
import { MurmurationError } from "@murmuration/index";
import { limits } from "../limits.js";
import { CatalogueDocument } from "./catalogue-document.js";
import { actorOf } from "./check-change.js";
import { problemOfChangeSize } from "./check-change-size.js";
import { alias, aliases, create, plain, run } from "./commands.test-support.js";

const dot = { origin: 2, sequence: 1 };
const before = run(CatalogueDocument.create(1), create("x"));
const isCorrupt = (error: unknown) => error instanceof MurmurationError && error.code === "corrupt";

function number(value: number, isSigned = false): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (;;) {
    const low = Number(rest & 127n);
    rest >>= 7n;
    const isLast = isSigned ? rest === (low < 64 ? 0n : -1n) : rest === 0n;
    bytes.push(isLast ? low : low | 128);
    if (isLast) return bytes;
  }
}
const signed = (value: number) => number(value, true);

/** Column → its bytes, as the format numbers them. */
type Columns = { readonly [specification: number]: readonly number[] };

/** A change of these columns with a right checksum, by replica 2 after what `before` holds. */
function changeOf(columns: Columns): Uint8Array {
  const heads = Automerge.getHeads(Automerge.load(before.save())).map((hash) => [...Buffer.from(hash, "hex")]);
  const actor = [...Buffer.from(actorOf(dot.origin), "hex")];
  const all = Object.entries(columns).map(([specification, bytes]) => ({
    specification: Number(specification),
    bytes,
  }));
  const contents = [
    ...[...number(heads.length), ...heads.flat()],
    ...[...number(actor.length), ...actor],
    ...[...number(1), ...number(100), ...signed(0), ...number(0), ...number(0)],
    ...number(all.length),
    ...all.flatMap(({ specification, bytes }) => [...number(specification), ...number(bytes.length)]),
    ...all.flatMap(({ bytes }) => bytes),
  ];
  const hashed = [1, ...number(contents.length), ...contents];
  const checksum = createHash("sha256").update(Uint8Array.from(hashed)).digest().subarray(0, 4);
  return Uint8Array.from([0x85, 0x6f, 0x4a, 0x83, ...checksum, ...hashed]);
}

const text = (value: string) => [...number(value.length), ...Buffer.from(value)];
/** So many times the key `k` of the root set to null. */
const nulls = (count: number): Columns => ({
  21: [...signed(count), ...text("k")],
  52: number(count),
  66: [...signed(count), 1],
  86: [...signed(count), 0],
  112: [...signed(count), 0],
});

test("what is written here as a change is one", () => {
  const { ops, actor } = Automerge.decodeChange(changeOf(nulls(3)));
  assert.equal(actor, actorOf(2));
  assert.deepEqual(
    ops.map(({ action, key }) => [action, key]),
    Array.from({ length: 3 }, () => ["set", "k"]),
  );
});

const few = nulls(3);
const hostile: { readonly [what: string]: Columns } = {
  "a million edits": nulls(1_000_000),
  "a thousand million edits": nulls(1_000_000_000),
  "2^62 edits": nulls(2 ** 62),
  "more edits than it has bytes for": nulls(1_000),
  "null actions without end": { ...few, 66: [...signed(3), 1, 0, ...number(2 ** 40)] },
  "flags without end": { ...few, 52: number(2 ** 40) },
  "preds without end": { ...few, 112: [...signed(3), ...number(2 ** 40)] },
  "preds without end, written out": { ...few, 112: [...signed(-3), 0, 0, ...number(2 ** 40)] },
  "a run of a long text": { ...few, 21: [...signed(200), ...text("k".repeat(400))] },
  "a column of nobody without end": { ...few, 2050: [...signed(2 ** 40), 0] },
};

test("a change that says more than its bytes hold is refused at the cost of its bytes, and changes nothing", () => {
  const state = plain(before.read());
  for (const [what, columns] of Object.entries(hostile)) {
    const change = changeOf(columns);
    assert.ok(change.byteLength < 1024, what);
    const { user, system } = process.cpuUsage();
    assert.throws(() => before.receive(change, dot), isCorrupt, what);
    const used = process.cpuUsage({ user, system });
    assert.ok(used.user + used.system < 100_000, `${what}: ${used.user + used.system} µs`);
    assert.match(problemOfChangeSize(change) ?? "", /more than \d+ edits/, what);
    assert.deepEqual(plain(before.read()), state, what);
  }
});

test("a change cut short, or with something behind it, is refused", () => {
  const change = changeOf(few);
  assert.equal(problemOfChangeSize(change), undefined);
  for (let bytes = 0; bytes < change.byteLength; bytes++)
    assert.match(problemOfChangeSize(change.subarray(0, bytes)) ?? "", /damaged/, `${bytes} bytes`);
  assert.match(problemOfChangeSize(Uint8Array.from([...change, 0])) ?? "", /followed/);
  assert.match(problemOfChangeSize(changeOf({ ...few, [66 + 8]: [] })) ?? "", /deflated/);
});

test("the largest change that a command makes is within the bound: every alias gives way to another", () => {
  const names = (of: string) => Array.from({ length: limits.aliasesMax }, (_, i) => alias(`${of}${i}`, "x"));
  const full = run(before, aliases(...names("a")));
  const gone = Object.keys(full.read().aliases).map((name) => ({ kind: "delete-alias" as const, alias: name }));
  const change = CatalogueDocument.load(full.save(), 2).plan(aliases(...gone, ...names("b")), "") as Uint8Array;
  assert.equal(problemOfChangeSize(change), undefined);
  assert.equal(Object.keys(full.receive(change, dot).read().aliases).length, limits.aliasesMax);
  const dropped = CatalogueDocument.load(full.save(), 2).plan(
    { kind: "delete-collection", name: "x" },
    "",
  ) as Uint8Array;
  assert.equal(problemOfChangeSize(dropped), undefined);
});
