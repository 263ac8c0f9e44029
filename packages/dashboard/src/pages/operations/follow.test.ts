import assert from "node:assert/strict";
import { test } from "node:test";

// what a browser has, before the module looks at it
Object.assign(globalThis, {
  document: { baseURI: "http://127.0.0.1:1/dashboard/" },
  sessionStorage: { getItem: () => null },
});
const { refuseKey } = await import("../../api.js");
const { follow } = await import("./follow.js");

const refusal = (status = 400) =>
  new Response('{"status": {"error": "last-event-id: the token is of another history"}}', { status });
const stream = (text: string) => () => new Response(text);
const BEGIN = 'event: begin\ndata: {"mode":"tail","token":"t0"}\n\n';

interface FollowedOptions {
  readonly silentMs?: number;
  readonly from?: string;
}

/** What the requests' tokens, the states and the pauses are where the server answers so, one after the other. */
async function followed(
  t: import("node:test").TestContext,
  answers: readonly (() => Response)[],
  { silentMs = 60_000, from = "" }: FollowedOptions = {},
) {
  const abort = new AbortController();
  const tokens: (string | null)[] = [];
  const states: string[] = [];
  const pausesMs: number[] = [];
  const place = { lastId: from, come: 0 };
  t.mock.method(globalThis, "fetch", async (_url: URL, { headers }: { readonly headers: Headers }) => {
    const answer = answers[tokens.push(headers.get("last-event-id")) - 1];
    if (answer !== undefined) return answer();
    abort.abort();
    throw abort.signal.reason;
  });
  const onState = (state: { readonly kind: string; readonly isGap?: boolean }) =>
    states.push(state.isGap === true ? `${state.kind} behind a gap` : state.kind);
  const wait = async (ms: number) => {
    pausesMs.push(ms);
  };
  await follow("c", place, () => undefined, onState, abort.signal, { wait, silentMs });
  return { tokens, states, pausesMs, place };
}

test("a token that the server refuses is sent once, and the gap is said", async (t) => {
  const { tokens, states } = await followed(t, [stream("id: t1\ndata: {}\n\n"), refusal]);
  assert.deepEqual(tokens, [null, "t1", null]);
  assert.deepEqual(states, ["connecting", "following", "ended", "connecting", "ended", "connecting behind a gap"]);
});

test("a request that is refused is not sent again, and goes on later where it was", async (t) => {
  for (const status of [400, 403, 404]) {
    const { tokens, states } = await followed(t, [() => refusal(status)]);
    assert.deepEqual(tokens, [null]);
    assert.deepEqual(states, ["connecting", "given_up"], String(status));
  }
  const { tokens, states, place } = await followed(t, [stream("id: t1\ndata: {}\n\n"), () => refusal(403)]);
  assert.deepEqual(tokens, [null, "t1"]);
  assert.deepEqual(states, ["connecting", "following", "ended", "connecting", "given_up"]);
  assert.equal(place.lastId, "t1");
  assert.deepEqual((await followed(t, [], { from: place.lastId })).tokens, ["t1"]);
});

test("who gives no key is not asked for one again", async (t) => {
  const going = followed(t, [() => new Response("Invalid API key or JWT", { status: 401 })]);
  await new Promise((resolve) => setImmediate(resolve));
  refuseKey();
  assert.deepEqual((await going).states, ["connecting", "given_up"]);
});

test("what cannot be had for a while is asked for after pauses that double, and begin anew when it goes on", async (t) => {
  const broken = () => {
    throw new TypeError("Failed to fetch");
  };
  const [busy, full] = [503, 429].map((status) => () => refusal(status));
  const ending = stream(`${BEGIN}event: end\ndata: {"reason":"failed"}\n\n`);
  const fails = [busy, broken, full, ending, busy, busy, busy] as (() => Response)[];
  const { pausesMs, states } = await followed(t, [...fails, stream(": \n\n"), ...fails.slice(0, 2)]);
  assert.deepEqual(
    pausesMs,
    [2, 4, 8, 16, 32, 60, 60, 2, 4, 8].map((seconds) => seconds * 1_000),
  );
  assert.ok(!states.includes("given_up"));
});

test("a stream that ends before its first operation goes on where it began", async (t) => {
  const { tokens } = await followed(t, [stream(BEGIN), stream(BEGIN)]);
  assert.deepEqual(tokens, [null, "t0", "t0"]);
});

test("a stream of which nothing comes is cut off, and asked for again", async (t) => {
  const silent = new ReadableStream({
    start: (stream) => stream.enqueue(new TextEncoder().encode("id: t1\ndata: {}\n\n")),
  });
  const { tokens, states } = await followed(t, [() => new Response(silent)], { silentMs: 1 });
  assert.deepEqual(tokens, [null, "t1"], "it goes on behind what came");
  assert.deepEqual(states, ["connecting", "following", "ended", "connecting"]);
});
