import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { BroadcastChannel } from "node:worker_threads";
import type { ClusterStart } from "../engine/cluster-start.js";
import { fill, type TestApp, testApp } from "./test-app.js";

export const CLUSTER = "c";
/** The replica that the app of a cluster's member runs on. */
export const MEMBER_ID = 1;
const DEADLINE_MS = 60_000;
const POLL_MS = 20;

/** An app on a member of a cluster, all other members of which are the test itself. */
export interface MemberApp extends TestApp {
  /** Has a message come in. */
  say(message: Uint8Array): void;
}

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    assert.ok(performance.now() < endMs, `not within ${DEADLINE_MS} ms: ${what}`);
    await pause(POLL_MS);
  }
}

/** A cluster of which `peers` others are to be heard before it begins; none of them says anything. */
export function silentCluster(peers: number, channel = randomUUID()): ClusterStart {
  const module = new URL("../engine/channel-transport.test-support.js", import.meta.url).href;
  const options = { channel, cut: new Int32Array(new SharedArrayBuffer(4)) };
  return {
    name: CLUSTER,
    region: "eu",
    replicaId: MEMBER_ID,
    peers,
    startWaitMs: 0,
    transport: { module, exportName: "connectChannel", options },
  };
}

/** A filled app on the member `MEMBER_ID` of a cluster with these others, who are silent unless the test speaks for them. */
export async function memberApp(others: readonly number[]): Promise<MemberApp> {
  const channel = randomUUID();
  const test = await testApp({}, { cluster: silentCluster(0, channel) });
  const { database } = test;
  await until("it takes writes", () => database.status().ready);
  await fill(test);
  for (const id of others) await database.write({ kind: "join-member", id, region: `r${id}` });
  return {
    ...test,
    say(message) {
      const broadcast = new BroadcastChannel(channel);
      broadcast.postMessage(message);
      broadcast.close();
    },
  };
}
