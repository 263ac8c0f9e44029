import assert from "node:assert/strict";
import { test } from "node:test";
import { startE2eServer } from "./e2e-server.js";

const { request } = await startE2eServer();

const FIRST = 1_700_000_000_000_000_000n;
const COUNT = 50;

/** The whole numbers in a text, after a name. */
function integersAfter(name: string, text: string): bigint[] {
  return [...text.matchAll(new RegExp(`"${name}":(-?\\d+)`, "g"))].map(([, digits]) => BigInt(digits as string));
}

async function ask(method: string, path: string, body: string): Promise<string> {
  const answer = await request(method, path, body);
  assert.equal(answer.status, 200, answer.text);
  return answer.text;
}

const stamps = Array.from({ length: COUNT }, (_, i) => FIRST + BigInt(i));
const extremes = [-(2n ** 63n), -(2n ** 53n) - 1n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 64n - 1n];

for (const [name, type] of [
  ["integer", "integer"],
  ["float", "float"],
  ["bare", undefined],
] as const) {
  await ask("PUT", `/collections/${name}`, '{"vectors":{"size":1,"distance":"Dot"}}');
  const points = [...stamps, ...extremes].map((t, id) => `{"id":${id},"vector":[1],"payload":{"t":${t}}}`);
  await ask("PUT", `/collections/${name}/points?wait=true`, `{"points":[${points}]}`);
  if (type === undefined) continue;
  await ask("PUT", `/collections/${name}/index?wait=true`, `{"field_name":"t","field_schema":"${type}"}`);
}

for (const name of ["integer", "float"]) {
  for (const direction of ["asc", "desc"] as const) {
    test(`a client that pages through nanosecond stamps sees each once: ${name}, ${direction}`, async () => {
      const seen: bigint[] = [];
      const step = direction === "asc" ? 1n : -1n;
      const inOrder = direction === "asc" ? stamps : [...stamps].reverse();
      for (let from = inOrder[0] as bigint; seen.length < COUNT; ) {
        const order = `{"key":"t","direction":"${direction}","start_from":${from}}`;
        const text = await ask("POST", `/collections/${name}/points/scroll`, `{"limit":7,"order_by":${order}}`);
        const page = integersAfter("order_value", text);
        assert.deepEqual(integersAfter("t", text), page, "what it is ordered by is what is stored");
        seen.push(...page);
        from = (page.at(-1) as bigint) + step;
      }
      assert.deepEqual(seen.slice(0, COUNT), inOrder);
    });
  }

  test(`all integers of 64 bits are in order and come back: ${name}`, async () => {
    const text = await ask("POST", `/collections/${name}/points/scroll`, '{"limit":100,"order_by":"t"}');
    const wanted = [...stamps, ...extremes].sort((a, b) => (a < b ? -1 : 1));
    assert.deepEqual(integersAfter("order_value", text), wanted);
  });
}

for (const name of ["integer", "float", "bare"]) {
  test(`ranges, matches and counts tell neighbours apart: ${name}`, async () => {
    const count = async (condition: string) => {
      const filter = `{"exact":true,"filter":{"must":[{"key":"t",${condition}}]}}`;
      return Number(/"count":(\d+)/.exec(await ask("POST", `/collections/${name}/points/count`, filter))?.[1]);
    };
    const middle = FIRST + 10n;
    assert.equal(await count(`"range":{"gte":${FIRST},"lt":${middle}}`), 10);
    assert.equal(await count(`"range":{"gte":${FIRST},"lte":${middle}}`), 11);
    assert.equal(await count(`"range":{"gt":${middle},"lte":${FIRST + 49n}}`), 39);
    assert.equal(await count(`"range":{"gt":${middle},"lt":${middle + 1n}}`), 0);
    for (const value of [middle, ...extremes]) {
      assert.equal(await count(`"match":{"value":${value}}`), 1, String(value));
      assert.equal(await count(`"match":{"any":[${value},5]}`), 1);
      assert.equal(await count(`"match":{"except":[${value}]}`), COUNT + extremes.length - 1);
    }
    // a double between neighbours is none of them
    assert.equal(await count(`"match":{"value":${middle + 200n}}`), 0);
    assert.equal(await count('"range":{"gt":1.8446744073709549e19}'), 1);
  });
}
