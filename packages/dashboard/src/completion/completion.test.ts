import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Json } from "../json-value.js";
import { complete } from "./complete.js";
import { jsonPosition } from "./json-position.js";

const document: Json = {
  components: {
    schemas: {
      "a/b": { type: "object", properties: { deep: { $ref: "#/components/schemas/a~1b" }, name: { type: "string" } } },
      Circle: { anyOf: [{ $ref: "#/components/schemas/Circle" }, { type: "boolean" }] },
    },
  },
};

const schema: Json = {
  type: "object",
  required: ["query"],
  properties: {
    query: {
      anyOf: [
        { type: "array", items: { type: "number" } },
        { type: "object", properties: { fusion: { type: "string", enum: ["rrf", "dbsf"] } }, required: ["fusion"] },
        {
          oneOf: [
            { type: "object", properties: { kind: { const: "one" }, left: { type: "integer", default: 5 } } },
            { type: "object", properties: { kind: { const: "two" }, right: { type: "integer" } } },
          ],
        },
      ],
    },
    limit: { type: "integer", minimum: 1, default: 10 },
    exact: { anyOf: [{ type: "boolean" }, { type: "null" }] },
    tree: { $ref: "#/components/schemas/a~1b" },
    circle: { $ref: "#/components/schemas/Circle" },
    list: {
      type: "array",
      items: { type: "object", properties: { id: { type: "integer" }, on: { type: "boolean" } } },
    },
    named: { type: "object", additionalProperties: { type: "object", properties: { size: { type: "integer" } } } },
    name: { type: "string" },
  },
};

/** Labels at the place of the bar. */
function labels(text: string): readonly string[] {
  const cursor = text.indexOf("|");
  return complete(text.replace("|", ""), cursor, schema, document)?.proposals.map(({ label }) => label) ?? [];
}

/** The text after the proposal of this label was taken, with a bar where the cursor stands. */
function taken(text: string, label: string): string {
  const cursor = text.indexOf("|");
  const whole = text.replace("|", "");
  const found = complete(whole, cursor, schema, document);
  const proposal = found?.proposals.find((each) => each.label === label);
  assert.ok(found && proposal, `${label} is proposed in ${text}`);
  const written = whole.slice(0, found.from) + proposal.insert;
  const at = written.length - proposal.back;
  return `${written.slice(0, at)}|${written.slice(at)}${whole.slice(found.to)}`;
}

const all = ["query", "limit", "exact", "tree", "circle", "list", "named", "name"];

test("keys are proposed where a key can stand, without those that are there before or behind", () => {
  assert.deepEqual(labels("{|}"), all);
  assert.deepEqual(labels('{"|'), all);
  assert.deepEqual(
    labels('{"limit": 1, | "exact": true}'),
    all.filter((name) => name !== "limit" && name !== "exact"),
  );
  assert.deepEqual(
    labels('{"limit": 1, "li|"}'),
    all.filter((name) => name !== "limit"),
  );
  assert.deepEqual(labels('{"limit"|: 1}'), []);
  assert.deepEqual(labels("|"), ["{}"]);
  assert.deepEqual(labels('{"limit" |'), []);
  assert.deepEqual(labels('{"limit": 1 |'), []);
  assert.deepEqual(labels('{"limit": 1} |'), []);
});

test("values are proposed: enumerations, constants, truth values, defaults, beginnings", () => {
  assert.deepEqual(labels('{"query": {"fusion": |'), ["rrf", "dbsf"]);
  assert.deepEqual(labels('{"query": {"fusion": "r|"}}'), ["rrf", "dbsf"]);
  assert.deepEqual(labels('{"exact": |}'), ["true", "false"]);
  assert.deepEqual(labels('{"limit": |, "exact": true}'), ["10"]);
  assert.deepEqual(labels('{"query": |}'), ["{}", "[]"]);
  assert.deepEqual(labels('{"circle": |}'), ["true", "false"]);
  assert.deepEqual(labels('{"name": |}'), []);
});

test("references, arrays, further properties and members that tell forms apart are followed", () => {
  assert.deepEqual(labels('{"tree": {"deep": {"deep": {|'), ["deep", "name"]);
  assert.deepEqual(labels('{"list": [{"id": 1}, {|'), ["id", "on"]);
  assert.deepEqual(labels('{"list": [|'), ["{}"]);
  assert.deepEqual(labels('{"list": [{"on": |'), ["true", "false"]);
  assert.deepEqual(labels('{"named": {"any": {|'), ["size"]);
  assert.deepEqual(labels('{"query": {|'), ["fusion", "kind", "left", "right"]);
  assert.deepEqual(labels('{"query": {"kind": "two", |'), ["right"]);
  assert.deepEqual(labels('{"query": {|, "kind": "two"}}'), ["right"]);
  assert.deepEqual(labels('{"query": {"kind": |'), ["one", "two"]);
  assert.deepEqual(labels('{"unknown": {|'), []);
});

test("what is taken replaces what was written, quotation marks too, and the cursor stands inside", () => {
  assert.equal(taken('{"li|"}', "list"), '{"list": [|]}');
  assert.equal(taken("{na|}", "named"), '{"named": {|}}');
  assert.equal(taken('{"|": 3}', "limit"), '{"limit"|: 3}');
  assert.equal(taken('{"query": {"fusion": "r|"}}', "rrf"), '{"query": {"fusion": "rrf"|}}');
  assert.equal(taken('{"query": {"fusion": d|}}', "dbsf"), '{"query": {"fusion": "dbsf"|}}');
  assert.equal(taken("{|}", "name"), '{"name": "|"}');
  assert.equal(taken("|", "{}"), "{|}");
});

test("texts that hold brackets, escapes and marks are texts", () => {
  assert.deepEqual(
    labels('{"name": "}{\\"]", |'),
    all.filter((name) => name !== "name"),
  );
  assert.deepEqual(labels('{"name": "\\\\", "exact": |'), ["true", "false"]);
  assert.deepEqual(labels('{"name": "in the middle | of it"}'), []);
});

test("a position is found in any text at any cursor, and lies around the cursor", () => {
  const signs = fc.string({ unit: fc.constantFrom(...'{}[]:,"\\ \n-1ea'.split(""), "name", "query", '"exact"') });
  fc.assert(
    fc.property(signs, fc.nat(), (text, at) => {
      const cursor = at % (text.length + 1);
      const { from, to } = jsonPosition(text, cursor);
      assert.ok(from <= cursor && cursor <= to && to <= text.length);
      complete(text, cursor, schema, document);
    }),
  );
});
