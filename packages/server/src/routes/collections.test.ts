import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CreateCollection, DenseVectorSpace } from "@murmuration/core";
import { filledApp, testApp } from "../testing/test-app.js";

interface Info {
  readonly status: string;
  readonly points_count: number;
  readonly payload_schema: unknown;
  readonly config: { readonly [name: string]: { readonly [name: string]: unknown } };
}

describe("creating a collection", () => {
  it("answers true and shows what was given, in the shape it was given", async () => {
    const { ask } = await testApp();
    const body = {
      vectors: { size: 4, distance: "Cosine", on_disk: true, hnsw_config: { m: 32 } },
      hnsw_config: { ef_construct: 200, on_disk: true },
      optimizers_config: { default_segment_number: 2 },
      replication_factor: 2,
      shard_number: 3,
      quantization_config: { scalar: { type: "int8", quantile: 0.99, always_ram: true } },
      metadata: { owner: "me" },
      strict_mode_config: { enabled: false },
      some_future_option: 1,
    };
    assert.equal((await ask("PUT", "/collections/a", body)).json.result, true);
    const { result } = (await ask("GET", "/collections/a")).json;
    assert.deepEqual(result, {
      status: "green",
      optimizer_status: "ok",
      indexed_vectors_count: 0,
      points_count: 0,
      segments_count: 1,
      config: {
        params: {
          vectors: { size: 4, distance: "Cosine", on_disk: true, hnsw_config: { m: 32 } },
          shard_number: 3,
          replication_factor: 2,
          write_consistency_factor: 1,
          on_disk_payload: true,
        },
        hnsw_config: { m: 16, ef_construct: 200, full_scan_threshold: 10000, max_indexing_threads: 0, on_disk: true },
        optimizer_config: {
          deleted_threshold: 0.2,
          vacuum_min_vector_number: 1000,
          default_segment_number: 2,
          max_segment_size: null,
          memmap_threshold: null,
          indexing_threshold: 10000,
          flush_interval_sec: 5,
          max_optimization_threads: null,
        },
        wal_config: { wal_capacity_mb: 32, wal_segments_ahead: 0, wal_retain_closed: 1 },
        quantization_config: { scalar: { type: "int8", quantile: 0.99, always_ram: true } },
        strict_mode_config: { enabled: false },
        metadata: { owner: "me" },
      },
      payload_schema: {},
    });
  });

  it("resolves graph parameters per vector over those of the collection over the defaults", async () => {
    const { ask, written } = await testApp();
    await ask("PUT", "/collections/a", {
      vectors: {
        one: { size: 2, distance: "Dot", hnsw_config: { m: 8 } },
        two: { size: 3, distance: "Manhattan", quantization_config: "Disabled" },
      },
      hnsw_config: { m: 24 },
    });
    assert.deepEqual((written[0] as CreateCollection).vectors, {
      one: { size: 2, distance: "Dot", links: 8, efConstruction: 128, quantization: "int8" },
      two: { size: 3, distance: "Manhattan", links: 24, efConstruction: 128, quantization: "none" },
    });
  });

  it("takes every kind of quantisation, and any number of links, and shows them as they were given", async () => {
    for (const [quantization_config, m, links] of [
      [{ product: { compression: "x16", always_ram: false } }, 0, 16],
      [{ binary: { encoding: "one_bit", query_encoding: "scalar8bits" } }, 1, 2],
      [{ turbo: { bits: "bits1_5" } }, 500, 128],
    ] as const) {
      const { ask, written } = await testApp();
      const body = { vectors: { size: 2, distance: "Dot" }, quantization_config, hnsw_config: { m } };
      assert.equal((await ask("PUT", "/collections/a", body)).statusCode, 200);
      const space = (written[0] as CreateCollection).vectors[""] as DenseVectorSpace;
      assert.deepEqual([space.quantization, space.links], ["int8", links]);
      const { config } = (await ask("GET", "/collections/a")).json.result as Info;
      assert.deepEqual([config.quantization_config, config.hnsw_config?.m], [quantization_config, m]);
    }
  });

  it("switches quantisation off by Disabled and by none", async () => {
    for (const quantization_config of ["Disabled", "none"]) {
      const { ask, written } = await testApp();
      await ask("PUT", "/collections/a", { vectors: { size: 2, distance: "Dot" }, quantization_config });
      assert.equal(((written[0] as CreateCollection).vectors[""] as DenseVectorSpace).quantization, "none");
      assert.equal(((await ask("GET", "/collections/a")).json.result as Info).config.quantization_config, "Disabled");
    }
  });

  it("answers 409 when the name is taken", async () => {
    const { ask } = await filledApp();
    const { statusCode, error } = await ask("PUT", "/collections/things", { vectors: { size: 4, distance: "Dot" } });
    assert.deepEqual([statusCode, error], [409, "Wrong input: Collection `things` already exists!"]);
  });

  const vectors = { size: 4, distance: "Dot" };
  const refused: readonly (readonly [string, unknown, number, RegExp])[] = [
    ["no size", { vectors: { distance: "Dot" } }, 400, /^Format error in JSON body: vectors\.size: missing field/],
    ["no distance", { vectors: { size: 4 } }, 400, /vectors\.distance: missing field/],
    [
      "size 0",
      { vectors: { ...vectors, size: 0 } },
      422,
      /^Validation error in JSON body: \[vectors\.size: value 0 invalid, must be from 1 to 65536\]$/,
    ],
    ["size 65537", { vectors: { ...vectors, size: 65537 } }, 422, /vectors\.size/],
    ["size 1.5", { vectors: { ...vectors, size: 1.5 } }, 400, /vectors\.size/],
    ["size as text", { vectors: { ...vectors, size: "4" } }, 400, /vectors\.size/],
    ["huge size", '{"vectors":{"size":18446744073709551615,"distance":"Dot"}}', 422, /vectors\.size/],
    ["unknown distance", { vectors: { ...vectors, distance: "Hamming" } }, 400, /vectors\.distance/],
    ["named size 0", { vectors: { image: { size: 0, distance: "Dot" } } }, 422, /\[vectors\.image\.size: /],
    ["vectors as text", { vectors: "x" }, 400, /vectors/],
    ["m -1", { vectors, hnsw_config: { m: -1 } }, 400, /hnsw_config\.m/],
    ["ef_construct 3", { vectors, hnsw_config: { ef_construct: 3 } }, 422, /hnsw_config\.ef_construct/],
    ["vector's m 1.5", { vectors: { ...vectors, hnsw_config: { m: 1.5 } } }, 400, /vectors\.hnsw_config\.m/],
    ["shard_number 0", { vectors, shard_number: 0 }, 422, /shard_number: value 0 invalid, must be 1 or larger/],
    [
      "sparse vectors under the name of a dense one",
      { vectors: { text: vectors }, sparse_vectors: { text: {} } },
      400,
      /^Bad request: Dense and sparse vector names must be unique - duplicate: text/,
    ],
    [
      "multi-vectors by another rule",
      { vectors: { ...vectors, multivector_config: { comparator: "mean_sim" } } },
      400,
      /multivector_config\.comparator/,
    ],
    ["datatype", { vectors: { ...vectors, datatype: "int8" } }, 400, /vectors\.datatype/],
    ["product quantisation", { vectors, quantization_config: { product: {} } }, 400, /product\.compression/],
    ["odd binary", { vectors, quantization_config: { binary: { encoding: "x" } } }, 400, /binary\.encoding/],
    ["odd turbo", { vectors, quantization_config: { turbo: { bits: 4 } } }, 400, /turbo\.bits/],
    ["two kinds", { vectors, quantization_config: { turbo: {}, binary: {} } }, 400, /quantization_config.*several/],
    [
      "odd quantisation",
      { vectors, quantization_config: { scalar: { type: "int4" } } },
      400,
      /^Format error in JSON body: quantization_config\.scalar\.type/,
    ],
    [
      "custom sharding",
      { vectors, sharding_method: "custom" },
      400,
      /^Bad request: sharding_method: a collection has one shard/,
    ],
  ];
  for (const [what, body, expectedCode, expectedMessage] of refused) {
    it(`refuses ${what} and creates nothing`, async () => {
      const { ask, written } = await testApp();
      const { statusCode, error } = await ask("PUT", "/collections/a", body);
      assert.equal(statusCode, expectedCode, error);
      assert.match(error ?? "", expectedMessage);
      assert.equal(written.length, 0);
    });
  }

  it("refuses forbidden characters in the name", async () => {
    const { ask } = await testApp();
    for (const character of ["/", "\\", "<", ">", ":", '"', "|", "?", "*", "\u0000", "\u001f"]) {
      const { statusCode, error } = await ask("PUT", `/collections/a${encodeURIComponent(character)}b`, { vectors });
      assert.equal(statusCode, 422, JSON.stringify(character));
      assert.match(error ?? "", /^Validation error in path parameters: \[collection_name/);
    }
    assert.equal(
      (await ask("PUT", `/collections/${encodeURIComponent("süß 1.2-3_4 東京")}`, { vectors })).statusCode,
      200,
    );
  });
});

describe("updating a collection", () => {
  it("merges each given setting over the stored one", async () => {
    const { ask } = await testApp();
    await ask("PUT", "/collections/a", {
      vectors: { image: { size: 2, distance: "Dot", hnsw_config: { m: 8 } } },
      metadata: { a: 1 },
      hnsw_config: { full_scan_threshold: 50 },
    });
    const body = {
      vectors: { image: { on_disk: true, hnsw_config: { max_indexing_threads: 2 } } },
      params: { replication_factor: 2 },
      metadata: { b: 2 },
      hnsw_config: { on_disk: true },
      optimizers_config: { indexing_threshold: 100 },
    };
    assert.equal((await ask("PATCH", "/collections/a", body)).json.result, true);
    const { config } = (await ask("GET", "/collections/a")).json.result as Info;
    assert.deepEqual(config.metadata, { a: 1, b: 2 });
    assert.equal(config.params?.replication_factor, 2);
    assert.deepEqual(config.params?.vectors, {
      image: { size: 2, distance: "Dot", hnsw_config: { m: 8, max_indexing_threads: 2 }, on_disk: true },
    });
    assert.equal(config.hnsw_config?.on_disk, true);
    assert.equal(config.hnsw_config?.full_scan_threshold, 50);
    assert.equal(config.optimizer_config?.indexing_threshold, 100);
  });

  it("accepts an empty body and no body", async () => {
    const { ask } = await filledApp();
    assert.equal((await ask("PATCH", "/collections/things", {})).json.result, true);
    assert.equal((await ask("PATCH", "/collections/things")).json.result, true);
  });

  it("refuses unknown vectors", async () => {
    const { ask } = await filledApp();
    for (const [name, body] of [
      ["named", { vectors: { sound: { on_disk: true } } }],
      ["things", { vectors: { sound: {} } }],
      ["things", { sparse_vectors: { sound: {} } }],
    ] as const) {
      const { statusCode, error } = await ask("PATCH", `/collections/${name}`, body);
      assert.deepEqual([statusCode, error], [400, "Wrong input: Not existing vector name error: sound"]);
    }
    assert.equal((await ask("PATCH", "/collections/none", {})).statusCode, 404);
  });

  it("keeps and shows wishes about a graph that stands, each merged over the one before", async () => {
    const { ask } = await filledApp();
    const digest = async () => (await ask("GET", "/murmur/collections/things/digest")).json.result;
    const before = await digest();
    const change = async (body: object) =>
      assert.equal((await ask("PATCH", "/collections/things", body)).statusCode, 200, JSON.stringify(body));
    await change({ hnsw_config: { m: 0, payload_m: 8 }, vectors: { "": { hnsw_config: { ef_construct: 99 } } } });
    await change({ hnsw_config: { m: 48 }, vectors: { "": { quantization_config: "Disabled", memory: "cold" } } });
    await change({ quantization_config: { binary: { always_ram: true, encoding: "two_bits" } } });
    await change({ wal_config: 5, params: { payload: { memory: "cached" }, on_disk_payload: false } });
    const { config } = (await ask("GET", "/collections/things")).json.result as Info;
    assert.deepEqual([config.hnsw_config?.m, config.hnsw_config?.payload_m], [48, 8]);
    assert.deepEqual(config.params?.vectors, {
      size: 4,
      distance: "Dot",
      hnsw_config: { ef_construct: 99 },
      quantization_config: "Disabled",
      memory: "cold",
    });
    assert.deepEqual(config.quantization_config, { binary: { always_ram: true, encoding: "two_bits" } });
    assert.deepEqual([config.params?.payload, config.params?.on_disk_payload], [{ memory: "cached" }, false]);
    assert.deepEqual(await digest(), before);
  });

  it("keeps what is said of a sparse vector, but for what its scores are made of", async () => {
    const { ask } = await testApp();
    await ask("PUT", "/collections/a", { sparse_vectors: { words: { modifier: "idf", index: { on_disk: false } } } });
    const change = (words: object) => ask("PATCH", "/collections/a", { sparse_vectors: { words } });
    assert.equal((await change({ modifier: "idf", index: { full_scan_threshold: 9 } })).statusCode, 200);
    const { config } = (await ask("GET", "/collections/a")).json.result as Info;
    const words = { modifier: "idf", index: { on_disk: false, full_scan_threshold: 9 } };
    assert.deepEqual(config.params?.sparse_vectors, { words });
    const refused = await change({ modifier: "none" });
    assert.equal(refused.statusCode, 400);
    assert.match(refused.error ?? "", /^Bad request: sparse_vectors\.words\.modifier: /);
  });
});

describe("looking up and deleting collections", () => {
  it("lists names and says what exists", async () => {
    const { ask } = await filledApp();
    assert.deepEqual((await ask("GET", "/collections")).json.result, {
      collections: [{ name: "named" }, { name: "things" }],
    });
    assert.deepEqual((await ask("GET", "/collections/things/exists")).json.result, { exists: true });
    const missing = await ask("GET", "/collections/none/exists");
    assert.deepEqual([missing.statusCode, missing.json.result], [200, { exists: false }]);
  });

  it("deletes once with true and again with false", async () => {
    const { ask } = await filledApp();
    assert.equal((await ask("DELETE", "/collections/things")).json.result, true);
    const again = await ask("DELETE", "/collections/things");
    assert.deepEqual([again.statusCode, again.json.result], [200, false]);
  });
});
