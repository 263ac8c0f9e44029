import assert from "node:assert/strict";
import { test } from "node:test";
import { type CollectionInfo, vectorsOf } from "./collection-info.js";
import * as words from "./describe-collection.js";

function info(params: object, config: object = {}): CollectionInfo {
  return {
    status: "green",
    config: { params: params as never, hnsw_config: { m: 16, ef_construct: 100 }, ...config },
    payload_schema: {},
  };
}

test("vectors of all kinds are found, the unnamed one too", () => {
  const [unnamed] = vectorsOf(info({ vectors: { size: 4, distance: "Cosine" } }));
  assert.deepEqual([unnamed?.name, unnamed?.kind, unnamed?.size, unnamed?.distance], ["", "dense", 4, "Cosine"]);
  const all = vectorsOf(
    info({
      vectors: {
        size: { size: 2, distance: "Dot" },
        parts: { size: 2, distance: "Dot", multivector_config: { comparator: "max_sim" } },
      },
      sparse_vectors: { words: { modifier: "idf" } },
    }),
  );
  assert.deepEqual(
    all.map(({ name, kind }) => [name, kind]),
    [
      ["size", "dense"],
      ["parts", "multivector"],
      ["words", "sparse"],
    ],
  );
  assert.match(words.distanceWords(all[2] as never), /idf/);
  assert.deepEqual(vectorsOf(info({})), []);
});

test("where a vector is and how it is searched is told as it is here", () => {
  const vector = (given: object) => vectorsOf(info({ vectors: { size: 4, distance: "Dot", ...given } }))[0] as never;
  assert.equal(words.placeWords(vector({})), "in memory");
  assert.match(words.placeWords(vector({ on_disk: true })), /in a file/);
  assert.match(words.placeWords(vector({ memory: "cold" })), /in a file/);
  assert.equal(words.placeWords(vector({ on_disk: true, memory: "pinned" })), "in memory", "memory counts");
  const config = info({}).config;
  assert.match(words.searchWords(vector({}), config), /16 links a point, built with 100/);
  assert.match(words.searchWords(vector({ hnsw_config: { m: 8 } }), config), /8 links a point, built with 100/);
  assert.match(words.searchWords(vector({ hnsw_config: { m: 0 } }), config), /every point/);
  assert.match(words.datatypeWords(vector({ datatype: "turbo4" })), /4 bits/);
});

test("quantization says what is done, whatever is wished", () => {
  assert.match(words.quantizationWords("Disabled"), /float32\.$/);
  for (const setting of [null, { scalar: { type: "int8" } }, { binary: {} }]) {
    assert.match(words.quantizationWords(setting), /walked on int8/);
  }
});

test("settings without words of their own are shown as they are", () => {
  const groups = words.otherSettings(
    info({ vectors: {}, shard_number: 1 }, { wal_config: {}, metadata: { a: 1 }, quantization_config: null }),
  );
  assert.deepEqual(groups, [
    ["params", { shard_number: 1 }],
    ["wal_config", {}],
    ["metadata", { a: 1 }],
  ]);
  assert.equal(
    words.indexWords({ data_type: "text", points: 1, params: { type: "text", lowercase: true, tokenizer: "word" } }),
    "lowercase: true, tokenizer: word",
  );
});
