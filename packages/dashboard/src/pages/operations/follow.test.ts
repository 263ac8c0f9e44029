import assert from "node:assert/strict";
import { test } from "node:test";

// what a browser has, before the module looks at it
Object.assign(globalThis, {
  document: { baseURI: "http://127.0.0.1:1/dashboard/" },
  sessionStorage: { getItem: () => null },
});
const { follow } = await import("./follow.js");

const refusal = () =>
  new Response('{"status": {"error": "last-event-id: the token is of another history"}}', { status: 400 });

/** What the requests' tokens and the states are where the server answers so, one after the other. */
async function followed(t: import("node:test").TestContext, answers: readonly (() => Response)[], silentMs = 60_000) {
  const abort = new AbortController();
  const tokens: (string | null)[] = [];
  const states: string[] = [];
  t.mock.method(globalThis, "fetch", async (_url: URL, { headers }: { readonly headers: Headers }) => {
    const answer = answers[tokens.push(headers.get("last-event-id")) - 1];
    if (answer !== undefined) return answer();
    abort.abort();
    throw abort.signal.reason;
  });
  const onState = (state: { readonly kind: string; readonly isGap?: boolean }) =>
    states.push(state.isGap === true ? `${state.kind} behind a gap` : state.kind);
  await follow("c", () => undefined, onState, abort.signal, { wait: async () => undefined, silentMs });
  return { tokens, states };
}

test("a token that the server refuses is sent once, and the gap is said", async (t) => {
  const { tokens, states } = await followed(t, [() => new Response("id: t1\ndata: {}\n\n"), refusal]);
  assert.deepEqual(tokens, [null, "t1", null]);
  assert.deepEqual(states, ["connecting", "following", "ended", "connecting", "ended", "connecting behind a gap"]);
});

test("a request that is refused without a token is not sent again", async (t) => {
  const { tokens, states } = await followed(t, [refusal]);
  assert.deepEqual(tokens, [null]);
  assert.deepEqual(states, ["connecting", "given_up"]);
});

test("a stream of which nothing comes is cut off, and asked for again", async (t) => {
  const silent = new ReadableStream({
    start: (stream) => stream.enqueue(new TextEncoder().encode("id: t1\ndata: {}\n\n")),
  });
  const { tokens, states } = await followed(t, [() => new Response(silent)], 1);
  assert.deepEqual(tokens, [null, "t1"], "it goes on behind what came");
  assert.deepEqual(states, ["connecting", "following", "ended", "connecting"]);
});
