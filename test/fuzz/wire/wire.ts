import assert from "node:assert/strict";
import fc from "fast-check";
import { newFolder, removeFolder, type ServerProcess, startServer } from "../../support/server.js";
import type { Fuzzer, FuzzSession } from "../fuzzer.js";
import { told } from "../odd-values.js";
import { manners, talk, type WireClient } from "./connection.js";
import { oddRequests, plainRequests } from "./requests.js";

const REQUEST_TIMEOUT_MS = 1_000;
const POINTS = 3;

const described = ({ requests, manner, share }: WireClient) =>
  `${manner} at ${share}: ${requests.map(({ name }) => name).join("; ")}`;

/** Read as what it does where it breaks a rule. */
const readable = (one: WireClient): WireClient => told(one, () => described(one));

const request = fc.oneof(fc.constantFrom(...plainRequests), fc.constantFrom(...oddRequests));
const client: fc.Arbitrary<WireClient> = fc
  .record({
    requests: fc.array(request, { minLength: 1, maxLength: 4 }),
    manner: fc.constantFrom(...manners),
    hearsAll: fc.constant(false),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(readable);
/** Clients that are well behaved see answers to all that they ask, whatever the others do. */
const plainClient: fc.Arbitrary<WireClient> = fc
  .record({
    requests: fc.array(fc.constantFrom(...plainRequests), { minLength: 1, maxLength: 4 }),
    manner: fc.constantFrom("ends", "in pieces"),
    hearsAll: fc.constant(true),
    share: fc.constant(1),
  })
  .map(readable);

/** 503 says that there is no room, 507 the same of what is kept. */
const isFailure = (status: number) => status >= 500 && status !== 503 && status !== 507;

/** A server with a collection, and what is asked of it between two runs. */
async function startSubject(): Promise<ServerProcess & { check(): Promise<void>; remove(): Promise<void> }> {
  const folder = newFolder("wire");
  const server = await startServer({
    dataFolder: folder,
    // connections are another thread's, which passes on what it does not answer
    options: ["--listeners", "1", "--request-timeout-ms", String(REQUEST_TIMEOUT_MS)],
  });
  const ask = async (method: string, path: string, body?: unknown) => {
    const { status, body: answer } = await server.request(method, path, body);
    assert.equal(status, 200, `${method} ${path}: ${JSON.stringify(answer)}`);
    return answer.result;
  };
  await ask("PUT", "/collections/docs", { vectors: { size: 2, distance: "Dot" } });
  const payload = { text: "x".repeat(200) };
  const points = Array.from({ length: POINTS }, (_, id) => ({ id, vector: [1, id], payload }));
  await ask("PUT", "/collections/docs/points?wait=true", { points });
  return {
    ...server,
    check: async () => {
      // in the thread that has the connection, and in the one behind it
      const { count } = (await ask("POST", "/collections/docs/points/count", {})) as { count: number };
      assert.equal(count, POINTS);
      await ask("GET", "/collections/docs");
      assert.doesNotMatch(server.log(), /"level":(50|60)/, "something failed that no client can mend");
    },
    remove: async () => {
      await server.kill().catch(() => undefined);
      removeFolder(folder);
    },
  };
}

async function start(): Promise<FuzzSession> {
  let server = await startSubject();
  let isBroken = false;
  const counts: Record<string, number> = {};
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };

  async function run(strange: readonly WireClient[], plain: readonly WireClient[]): Promise<void> {
    const port = Number(new URL(server.address).port);
    let end = () => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const others = strange.map(async (one) => {
      const statuses = await talk(port, one, over);
      for (const status of statuses) count(String(status));
      assert.ok(!statuses.some(isFailure), `${described(one)} is answered ${statuses.join()}`);
    });
    const well = plain.map(async (one) => {
      const expected = one.requests.map(({ status }) => status);
      assert.deepEqual(await talk(port, one, over), expected, described(one));
      for (const status of expected) count(`${status} beside`);
    });
    const answered = await Promise.allSettled(well);
    end();
    const outcomes = [...answered, ...(await Promise.allSettled(others))];
    await server.check();
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  const property = fc.asyncProperty(
    fc.array(client, { minLength: 1, maxLength: 12 }),
    fc.array(plainClient, { minLength: 1, maxLength: 4 }),
    async (strange, plain) => {
      if (isBroken) {
        // what is made smaller is to fail by itself
        await server.remove();
        server = await startSubject();
      }
      isBroken = true;
      try {
        await run(strange, plain);
      } catch (error) {
        throw new Error(`${error instanceof Error ? error.message : error}\n${server.log()}`, { cause: error });
      }
      isBroken = false;
    },
  );
  return {
    property: property as unknown as fc.IRawProperty<unknown>,
    counts: () => counts,
    end: () => server.remove(),
  };
}

/** Connections rather than requests: cut, left open, pipelined, and of what no client sends. */
export const wireFuzzer: Fuzzer = {
  name: "wire",
  what: "connections that no client has, to a server with listeners",
  runs: 12,
  start,
};
