import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { limits } from "../limits.js";
import { type Missing, type PeerFrontiers, RequestPlanner } from "./requests.js";

const NOW = 1_000_000;
const peer = (id: number, origin: number, sequence: number, heardMs = NOW): PeerFrontiers => ({
  id,
  heardMs,
  frontiers: new Map([["s", new Map([[origin, sequence]])]]),
});
const missing = (held: number, known: number, origin = 1): Missing => ({ shard: "s", origin, held, known });
const targets = (planner: RequestPlanner, nowMs: number, wanted: Missing[], peers: PeerFrontiers[]) =>
  planner.plan(nowMs, wanted, peers).map(({ to, origin, after, limit }) => [to, origin, after, limit]);

/** A planner that has known for long enough what is missing. */
function overdue(...wanted: Missing[]): RequestPlanner {
  const planner = new RequestPlanner();
  assert.deepEqual(planner.plan(NOW - limits.requestGraceMs, wanted, []), []);
  return planner;
}

test("what arrives by itself within its time is not asked for, however much more follows", () => {
  const planner = new RequestPlanner();
  const peers = [peer(1, 1, 10_000)];
  for (let sequence = 0; sequence < 5_000; sequence += 10) {
    const nowMs = NOW + sequence;
    assert.deepEqual(planner.plan(nowMs, [missing(sequence, sequence + 100)], peers), []);
  }
  const stuck = [missing(5_000, 5_100)];
  assert.deepEqual(targets(planner, NOW + 5_010, stuck, peers), []);
  assert.deepEqual(targets(planner, NOW + 5_010 + limits.requestGraceMs, stuck, peers), [[1, 1, 5_000, 100]]);
});

test("the origin is asked first, and no more than it holds and one answer takes", () => {
  const planner = overdue(missing(10, 50));
  const peers = [peer(2, 1, 50, NOW + 1), peer(1, 1, 40)];
  assert.deepEqual(targets(planner, NOW, [missing(10, 50)], peers), [[1, 1, 10, 30]]);
  const other = overdue(missing(5, 10 ** 9));
  const far = [peer(1, 1, 10 ** 9)];
  assert.deepEqual(targets(other, NOW, [missing(5, 10 ** 9)], far), [[1, 1, 5, limits.requestOperationsMax]]);
  assert.deepEqual(targets(overdue(missing(10, 12)), NOW, [missing(10, 12)], peers), [[1, 1, 10, 2]]);
  assert.deepEqual(targets(overdue(missing(10, 10)), NOW, [missing(10, 10)], peers), []);
});

test("an origin that is silent or does not hold it is not preferred to the peer last heard", () => {
  const silent = peer(1, 1, 50, NOW - limits.suspectMs - 1);
  const peers = [silent, peer(2, 1, 50, NOW - 9), peer(3, 1, 50, NOW - 5), peer(4, 1, 10, NOW)];
  assert.deepEqual(targets(overdue(missing(10, 50)), NOW, [missing(10, 50)], peers), [[3, 1, 10, 40]]);
  assert.deepEqual(targets(overdue(missing(10, 50)), NOW, [missing(10, 50)], [peer(1, 1, 10), peer(4, 1, 50)]), [
    [4, 1, 10, 40],
  ]);
});

test("silence is answered by asking the next peer, ever more patiently", () => {
  const planner = overdue(missing(10, 50));
  const peers = [peer(1, 1, 50), peer(2, 1, 50), peer(3, 1, 50)];
  const asked: [number, number][] = [];
  for (let nowMs = NOW; nowMs < NOW + 60_000; nowMs += 10) {
    const heard = peers.map((one) => ({ ...one, heardMs: nowMs }));
    for (const { to } of planner.plan(nowMs, [missing(10, 50)], heard)) asked.push([to, nowMs - NOW]);
  }
  assert.deepEqual(
    asked.slice(0, 7).map(([to]) => to),
    [1, 2, 3, 1, 2, 3, 1],
  );
  const waits = asked.slice(1).map(([, atMs], i) => atMs - (asked[i]?.[1] ?? 0));
  assert.deepEqual(waits.slice(0, 5), [500, 1000, 2000, 4000, 8000]);
  assert.ok(waits.slice(5).every((waitMs) => waitMs === limits.requestRetryMsMax));
});

test("an answer in many parts is asked for once, and the next range when it is over", () => {
  const planner = overdue(missing(0, 10_000));
  const peers = [peer(1, 1, 10_000)];
  const plan = (nowMs: number, held: number) => targets(planner, nowMs, [missing(held, 10_000)], peers);
  assert.deepEqual(plan(NOW, 0), [[1, 1, 0, 4096]]);
  for (let held = 256; held < 4096; held += 256) {
    planner.noteArrived("s", 1, held, 1000);
    assert.deepEqual(plan(NOW + held, held), []);
  }
  assert.deepEqual(plan(NOW + 4200, 4096), [[1, 1, 4096, 4096]]);
  // as much as an answer has at most
  planner.noteArrived("s", 1, 5000, limits.answerBytesMax / 2);
  assert.deepEqual(plan(NOW + 4210, 5000), []);
  planner.noteArrived("s", 1, 6000, limits.answerBytesMax / 2);
  assert.deepEqual(plan(NOW + 4220, 6000), [[1, 1, 6000, 4000]]);
  // one that breaks off is gone on with from where it came to
  planner.noteArrived("s", 1, 7000, 10);
  assert.deepEqual(plan(NOW + 4230, 7000), []);
  assert.deepEqual(plan(NOW + 4229 + limits.requestRetryMs, 7000), []);
  assert.deepEqual(plan(NOW + 4230 + limits.requestRetryMs, 7000), [[1, 1, 7000, 3000]]);
});

test("a peer answers so many ranges at a time, and every range gets its turn", () => {
  const count = limits.requestsPerPeerMax * 3;
  const all = Array.from({ length: count }, (_, at) => missing(0, 10, at + 10));
  const planner = overdue(...all);
  const peers: PeerFrontiers[] = [
    { id: 1, heardMs: NOW, frontiers: new Map([["s", new Map(all.map(({ origin }) => [origin, 10]))]]) },
  ];
  const seen = new Set<number>();
  for (let round = 0; round < 3; round += 1) {
    const nowMs = NOW + round * limits.requestRetryMs;
    const requests = planner.plan(nowMs, all, peers);
    assert.equal(requests.length, limits.requestsPerPeerMax);
    for (const { origin } of requests) seen.add(origin);
    assert.deepEqual(planner.plan(nowMs + 1, all, peers), []);
  }
  assert.equal(seen.size, count);
});

test("where the log is compacted another is asked, and with none left a snapshot is needed", () => {
  const planner = overdue(missing(10, 50));
  const peers = [peer(1, 1, 50), peer(2, 1, 50)];
  const plan = (held: number) => targets(planner, NOW, [missing(held, 50)], peers).map(([to]) => to);
  assert.deepEqual(plan(10), [1]);
  planner.noteCompacted(1, "s", 1, 30);
  assert.deepEqual(plan(10), [2]);
  assert.deepEqual(planner.needSnapshot(), []);
  planner.noteCompacted(2, "s", 1);
  assert.deepEqual(plan(10), []);
  assert.deepEqual(planner.needSnapshot(), ["s"]);
  // what only the second had lost came from elsewhere
  assert.deepEqual(plan(11), [2]);
  assert.deepEqual(planner.needSnapshot(), []);
  planner.noteSnapshot("s");
  assert.deepEqual(planner.plan(NOW + 20_000, [missing(11, 50)], peers)[0]?.to, 1);
});

test("what is not missing any more leaves nothing behind", () => {
  const planner = overdue(missing(10, 50));
  const peers = [peer(1, 1, 50)];
  assert.equal(planner.plan(NOW, [missing(10, 50)], peers).length, 1);
  assert.equal(planner.plan(NOW + 1, [], peers).length, 0);
  assert.equal(planner.plan(NOW + 2, [missing(10, 50)], peers).length, 0);
  assert.equal(planner.plan(NOW + 2 + limits.requestGraceMs, [missing(10, 50)], peers).length, 1);
});

test("all is fetched in the end though answers are lost, and never too much is asked at once", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 30 }), (luck) => {
      const planner = new RequestPlanner();
      const held = new Map([1, 2, 3].map((origin) => [origin, 0]));
      const peers = [1, 2, 3].map((id) => ({
        id,
        heardMs: NOW,
        frontiers: new Map([["s", new Map([1, 2, 3].map((origin) => [origin, 9000]))]]),
      }));
      let turn = 0;
      let nowMs = NOW;
      for (; [...held.values()].some((sequence) => sequence < 9000); nowMs += 50) {
        assert.ok(nowMs < NOW + 600_000, "it takes too long");
        const wanted = [...held].map(([origin, sequence]) => missing(sequence, 9000, origin));
        for (const { origin, after, limit } of planner.plan(nowMs, wanted, peers)) {
          assert.equal(after, held.get(origin));
          turn += 1;
          if ((luck[turn % luck.length] ?? 0) + (turn % 3) > 9) continue;
          held.set(origin, after + limit);
          planner.noteArrived("s", origin, after + limit, limit * 100);
        }
      }
    }),
  );
});
