import assert from "node:assert/strict";
import { test } from "node:test";
import type { Database } from "../engine/database.js";
import type { Copies } from "./copies.js";
import { Erasures } from "./erasures.js";

test("what is held beside the engine is let go before a replica says that it has nothing, once", async (t) => {
  const did: string[] = [];
  const { promise: isConfirmed, resolve: confirm } = Promise.withResolvers<void>();
  let rounds = 0;
  const database = {
    catalogue: { erasures: [{ id: "5-12" }], receipts: [], members: [] },
    status: () => ({ replicaId: 5 }),
    collectionNamed: () => undefined,
    erasing: async ({ kind }: { readonly kind: string }) => {
      if (kind === "erasures") return { ready: ["5-12"], erasures: [{ id: "5-12", collection: "5-3", name: "c" }] };
      did.push(kind);
      return { images: 0, ...(++rounds < 2 ? { stream: { state: "pending" } } : {}) };
    },
    write: async ({ kind }: { readonly kind: string }) => {
      did.push(kind);
      confirm();
    },
  };
  const copies = {
    backups: undefined,
    snapshots: { isBusySince: async () => false, before: async () => [] },
  };
  const erasures = new Erasures({
    database: database as unknown as Database,
    copies: copies as unknown as Copies,
    policy: "replace",
  });
  t.after(() => erasures.close());
  erasures.letGoAlso(async (shard) => {
    await new Promise(setImmediate);
    did.push(`let go of ${shard}`);
  });
  // keeps the process: what it waits for is timed by timers that do not
  const keep = setInterval(() => undefined, 1_000);
  t.after(() => clearInterval(keep));
  erasures.begin();
  await isConfirmed;
  assert.deepEqual(did, ["let go of 5-3", "leave-nothing", "leave-nothing", "confirm-erasures"]);
});
