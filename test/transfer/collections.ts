import assert from "node:assert/strict";
import type { E2eServer } from "../e2e/e2e-server.js";

/** A collection of every kind of vector and datatype. */
export const everyKind = {
  vectors: {
    "": { size: 3, distance: "Dot" },
    cosine: { size: 4, distance: "Cosine" },
    half: { size: 4, distance: "Euclid", datatype: "float16" },
    bytes: { size: 2, distance: "Manhattan", datatype: "uint8" },
    parts: { size: 2, distance: "Dot", multivector_config: { comparator: "max_sim" } },
  },
  sparse_vectors: { words: { modifier: "idf" } },
};

/** Points of all kinds of ids, vectors and payloads, as JSON text: JSON.stringify has no integers of 64 bits. */
export const everyPoint = String.raw`{"points":[
{"id":18446744073709551615,"vector":{"":[0.1,2,-3e-30],"cosine":[1,2,3,4],"half":[1.1,2,3,4],"bytes":[200,3],"parts":[[1,2],[3,4]],"words":{"indices":[4294967295,1],"values":[0.5,2]}},
 "payload":{"n":9007199254740993,"negative":-9223372036854775808,"t":"a\n\u0000\t😀\"\\,;'","e":{},"l":[],"f":1.5e300,"s":0.1,"nested":{"a.b":[{"c":null},true]},"":1,"constructor":"x"}},
{"id":"550e8400-e29b-41d4-a716-446655440000","vector":{"words":{"indices":[],"values":[]}},"payload":{"right-to-left":"\u202eabc","line":"\u2028"}},
{"id":0,"vector":[1,2,3],"payload":{"payload":{"id":7},"vector":"text"}},
{"id":5,"vector":{}}]}`;

/** Makes it, with these points and two payload indexes. */
export async function makeEveryKind(server: E2eServer, name: string): Promise<void> {
  const put = async (path: string, body: unknown) => {
    const answer = await server.request("PUT", `/collections/${name}${path}`, body);
    assert.equal(answer.status, 200, answer.text);
  };
  await put("", everyKind);
  await put("/index?wait=true", { field_name: "n", field_schema: { type: "integer", lookup: true, range: false } });
  await put("/index?wait=true", { field_name: "t", field_schema: "keyword" });
  await put("/points?wait=true", everyPoint);
}

/** Rows of NDJSON with ids that are texts, a vector and fields. */
export function rowsOfNdjson(count: number, size = 8): string {
  const lines = Array.from({ length: count }, (_, i) => {
    const vector = Array.from({ length: size }, (_, at) => Math.fround(Math.sin(i * size + at)));
    return `${JSON.stringify({ id: `row ${i}`, embedding: vector, title: `title ${i}`, n: i })}\n`;
  });
  return lines.join("");
}
