// What the data folders in test/fixtures hold, and what is asked of them.

/** Numbers from 0 to 1 that are the same on every run (mulberry32). */
function randomOf(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomOf(1);
const vector = (size) => Array.from({ length: size }, () => Math.fround(Math.round(random() * 2_000 - 1_000) / 500));
const below = (bound) => Math.floor(random() * bound);
const path = (name, rest = "") => `/collections/${encodeURIComponent(name)}${rest}`;

const MIXED = "mixed";
const REPLACED = "replaced";
const TEXT = "Größe \u{1f426} \u0627\u0644\u0637\u064a\u0648\u0631";
const EMPTY = "empty";
const KINDS = "kinds";

const NAMED = { plain: 8, half: 12, coded: 16, flat: 6 };
const uuid = (n) => `6ba7b810-9dad-11d1-80b4-${n.toString(16).padStart(12, "0")}`;
const idOf = (n) => (n % 5 === 4 ? uuid(n) : n);

/** Text that is easily changed on its way. */
const AWKWARD = [
  "\ufeffa byte order mark at the beginning",
  "nothing\u0000 and \u001f and \u007f",
  "lines\u2028and\u2029paragraphs\r\n",
  "e\u0301 beside \u00e9, \uff21 beside A, \ufb01 beside fi",
  "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466} \u{10ffff} \ufffd \uffff",
  "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd",
  '"quoted" \\ and / and \\u0041',
  "",
];

/** Path and body of each collection, alias list, and payload index. */
export function* collections() {
  yield [
    path(MIXED),
    {
      vectors: {
        plain: { size: NAMED.plain, distance: "Cosine", on_disk: true },
        half: { size: NAMED.half, distance: "Euclid", datatype: "float16", hnsw_config: { m: 8, ef_construct: 40 } },
        coded: { size: NAMED.coded, distance: "Dot", encoding: "sq8", quantization_config: "Disabled" },
        flat: { size: NAMED.flat, distance: "Manhattan", quantization_config: { scalar: { type: "int8" } } },
      },
      hnsw_config: { m: 12 },
      on_disk_payload: true,
      metadata: { owner: "made by an earlier version", nested: { list: [1, 2.5, null, true], "": "\u{1f426}" } },
    },
  ];
  yield [path(REPLACED), { vectors: { size: 24, distance: "Euclid" }, on_disk_payload: false }];
  yield [path(TEXT), { vectors: { size: 4, distance: "Cosine", encoding: "f16" }, metadata: { text: AWKWARD } }];
  yield [path(EMPTY), { vectors: {} }];
  yield [
    path(KINDS),
    {
      vectors: {
        far: { size: 6, distance: "Cosine", on_disk: true },
        parts: { size: 4, distance: "Cosine", multivector_config: { comparator: "max_sim" } },
      },
      sparse_vectors: { words: { modifier: "idf" } },
    },
  ];
  for (const [field, schema] of [
    ["kind", "keyword"],
    ["number", "integer"],
    ["nested.weight", "float"],
    ["flag", "bool"],
    ["list[].code", { type: "keyword", is_tenant: true }],
  ]) {
    yield [path(MIXED, "/index?wait=true"), { field_name: field, field_schema: schema }];
  }
  yield [path(REPLACED, "/index?wait=true"), { field_name: "round", field_schema: { type: "integer", range: true } }];
}

function payloadOf(n) {
  return {
    kind: ["heron", "starling", "\u{1f426}", "swift"][n % 4],
    number: n % 3 === 0 ? [n, n * 7] : n,
    nested: { weight: n / 8, deep: { deeper: [[n], { n }] } },
    flag: n % 2 === 0,
    list: [{ code: `c${n % 6}` }, { code: null }, { other: n }],
    ...(n % 7 === 0 ? { kind: null } : {}),
  };
}

function mixedPoint(n) {
  const names = Object.keys(NAMED).filter((_, i) => n % (i + 3) !== 0);
  const vectors = Object.fromEntries(names.map((name) => [name, vector(NAMED[name])]));
  return { id: idOf(n), vector: vectors, payload: payloadOf(n) };
}

/** 64-bit integers stand in the body as text: they are no numbers of this language. */
const EXACT = `{"points": [
  {"id": 18446744073709551615, "vector": [1, 2, 3, 4], "payload": {"big": 9223372036854775807, "both": [-9223372036854775808, 9007199254740993]}},
  {"id": 9007199254740993, "vector": [4, 3, 2, 1], "payload": {"big": 9007199254740993, "zero": 0, "small": 5e-324, "large": 1.7976931348623157e308}}
]}`;

/** Method, path and body of each write before images are written and one shard is compacted. */
export function* fill() {
  for (let from = 0; from < 150; from += 50) {
    const points = Array.from({ length: 50 }, (_, i) => mixedPoint(from + i));
    yield ["PUT", path(MIXED, "/points?wait=true"), { points }];
  }
  yield [
    "POST",
    "/collections/aliases",
    {
      actions: [
        { create_alias: { alias_name: "also mixed", collection_name: MIXED } },
        { create_alias: { alias_name: "\u{1f426}", collection_name: REPLACED } },
      ],
    },
  ];
  for (let round = 0; round < 4; round++) {
    const points = Array.from({ length: 120 }, (_, i) => ({ id: i, vector: vector(24), payload: { round, i } }));
    yield ["PUT", path(REPLACED, "/points?wait=true"), { points }];
  }
  const texts = AWKWARD.map((text, i) => ({
    id: i + 1,
    vector: vector(4),
    payload: { text, [`key ${text.slice(0, 8)}`]: i, constructor: text, list: [text] },
  }));
  yield ["PUT", path(TEXT, "/points?wait=true"), { points: texts }];
  yield ["PUT", path(TEXT, "/points?wait=true"), EXACT];
  yield [
    "PUT",
    path(EMPTY, "/points?wait=true"),
    { points: [1, 2, 3].map((id) => ({ id, vector: {}, payload: { id } })) },
  ];
  yield ["PUT", path(KINDS, "/points?wait=true"), { points: Array.from({ length: 40 }, (_, i) => kindsPoint(i)) }];
  yield* changes(0);
}

/** A vector of each kind, or of some. */
function kindsPoint(n) {
  const indices = Array.from({ length: 1 + (n % 4) }, (_, i) => (n * 7 + i * 11) % 30);
  const words = { indices, values: indices.map((index) => 0.5 + index / 8) };
  const parts = Array.from({ length: 1 + (n % 3) }, () => vector(4));
  return { id: n, vector: { far: vector(6), ...(n % 5 === 0 ? {} : { parts }), words }, payload: { n } };
}

/** Writes of every other kind. */
function* changes(from) {
  // points that end in 8 are deleted, others are not
  const some = (count) => Array.from({ length: count }, () => idOf(from + 10 * below(10) + below(8)));
  const to = (rest) => path(MIXED, `/points${rest}?wait=true`);
  yield ["POST", to("/payload"), { points: some(12), payload: { set: from, nested: { weight: 3.25 } } }];
  yield ["POST", to("/payload"), { points: some(8), payload: { inner: "\u{1f426}" }, key: "nested.deep" }];
  yield ["PUT", to("/payload"), { points: some(5), payload: { kind: "overwritten", number: -from } }];
  yield ["POST", to("/payload/delete"), { points: some(9), keys: ["flag", "nested.weight"] }];
  yield ["POST", to("/payload/clear"), { points: some(3) }];
  yield ["POST", to("/vectors/delete"), { points: some(10), vector: ["half", "flat"] }];
  yield [
    "PUT",
    to("/vectors"),
    { points: some(10).map((id) => ({ id, vector: { coded: vector(NAMED.coded), flat: vector(NAMED.flat) } })) },
  ];
  yield ["PUT", to(""), { points: [from + 1, from + 2, from + 4].map(mixedPoint) }];
  yield ["POST", to("/delete"), { points: [8, 18, 28, 38, 48, 58, 68].map((n) => from + n) }];
  yield ["POST", to("/delete"), { filter: { must: [{ key: "number", match: { value: from + 98 } }] } }];
  yield ["POST", path(REPLACED, "/points/delete?wait=true"), { points: [from, from + 3, from + 5, from + 9] }];
}

/** What is written after that. */
export function* later() {
  yield* changes(30);
  const points = Array.from({ length: 20 }, (_, i) => ({ id: 110 + i, vector: vector(24), payload: { round: 9, i } }));
  yield ["PUT", path(REPLACED, "/points?wait=true"), { points }];
  yield ["PUT", path(MIXED, "/points?wait=true"), { points: [200, 201, 204].map(mixedPoint) }];
  yield ["PUT", path(KINDS, "/points?wait=true"), { points: [3, 4, 50].map(kindsPoint) }];
  yield ["POST", path(KINDS, "/points/delete?wait=true"), { points: [6, 9] }];
  yield ["PATCH", path(MIXED), { metadata: { owner: "changed", added: 9007199254740992 } }];
  yield ["PUT", path(MIXED, "/index?wait=true"), { field_name: "set", field_schema: "integer" }];
}

/** Method, path, body of each question, and whether what is answered may have more fields in a later version. */
export function* questions() {
  for (const name of [MIXED, REPLACED, TEXT, EMPTY, KINDS]) {
    yield { method: "GET", path: path(name), mayGrow: true };
    yield { method: "GET", path: `/murmur${path(name, "/digest")}`, mayGrow: true };
    yield ask(name, "scroll", { limit: 400, with_payload: true, with_vector: true });
    yield ask(name, "count", { exact: true });
  }
  yield { method: "GET", path: "/aliases", mayGrow: true };
  for (const [name, size] of Object.entries(NAMED)) {
    for (let i = 0; i < 3; i++) {
      const query = { query: vector(size), using: name, limit: 15, with_payload: ["kind"], with_vector: i === 0 };
      yield ask("also mixed", "query", query);
      yield ask(MIXED, "query", { ...query, filter: { must: [{ key: "flag", match: { value: true } }] } });
      yield ask(MIXED, "query", { ...query, params: { exact: true } });
    }
  }
  yield ask(KINDS, "query", { query: vector(6), using: "far", limit: 15, with_vector: true });
  yield ask(KINDS, "query", { query: [vector(4), vector(4)], using: "parts", limit: 15 });
  yield ask(KINDS, "query", { query: { indices: [1, 7, 18], values: [1, 2, 0.5] }, using: "words", limit: 15 });
  for (let i = 0; i < 4; i++) yield ask("\u{1f426}", "query", { query: vector(24), limit: 20, with_payload: true });
  yield ask(REPLACED, "query", { query: 7, limit: 5 });
  yield ask(TEXT, "query", { query: vector(4), limit: 20, with_payload: true, with_vector: true });
  for (const filter of [
    { must: [{ key: "kind", match: { any: ["heron", "\u{1f426}"] } }] },
    { must: [{ key: "number", range: { gt: 30, lte: 80 } }], must_not: [{ key: "flag", match: { value: false } }] },
    {
      should: [
        { key: "nested.weight", range: { lt: 2.5 } },
        { key: "list[].code", match: { value: "c3" } },
      ],
    },
    { must: [{ is_null: { key: "kind" } }] },
    { must: [{ is_empty: { key: "flag" } }] },
    { must: [{ has_vector: "half" }, { key: "set", match: { value: 30 } }] },
    { must: [{ has_id: [1, 2, 3, uuid(4), uuid(9), 150] }] },
  ]) {
    yield ask(MIXED, "scroll", { filter, limit: 200 });
    yield ask(MIXED, "count", { filter, exact: true });
  }
  yield ask(REPLACED, "scroll", { filter: { must: [{ key: "round", range: { gte: 9 } }] }, limit: 50 });
}

function ask(name, what, body) {
  return { method: "POST", path: path(name, `/points/${what}`), body, mayGrow: false };
}
