import {
  CatalogueDocument,
  decodeOperation,
  encodeBatchFromRows,
  encodeEnvelope,
  encodeOperation,
  SYSTEM_SHARD,
} from "@murmuration/core";
import { type FailingOpLog, hostileChange, hostileEdits } from "@murmuration/core/conformance";
import { CLUSTER, type MemberApp, until } from "./member-app.js";

/** What makes `putUnreadableAlias` a problem, as it is told. */
export const unreadableAlias = 'aliases ":b": it leads to no collection';

/** Appends an operation to the log of a closed database that gives its catalogue an entry that cannot be read. */
export function putUnreadableAlias(log: FailingOpLog): void {
  const dot = { origin: 9, sequence: 1 };
  let document = CatalogueDocument.create(dot.origin);
  const dependencies = new Map<number, number>();
  for (const { bytes, origin, sequence } of log.read(0, { shard: SYSTEM_SHARD })) {
    const operation = decodeOperation(SYSTEM_SHARD, origin, sequence, bytes);
    if (operation.kind === "catalogue") document = document.restore([operation.change]);
    dependencies.set(origin, sequence);
  }
  const edit = hostileEdits["an alias to a number"] as (typeof hostileEdits)[string];
  const change = hostileChange(document, dot, edit);
  const time = { wallMs: 2_000, counter: 0 };
  const row = encodeOperation({ shard: SYSTEM_SHARD, ...dot, time, dependencies, kind: "catalogue", change });
  log.transaction((writer) => writer.append(SYSTEM_SHARD, dot.origin, dot.sequence, row));
}

/** Another member sends an operation that fits no collection; resolves when it is set aside. */
export async function sendMisfit({ database, say }: MemberApp, from: number, collection: string): Promise<void> {
  const shard = database.collection(collection).id;
  const time = { wallMs: Date.now(), counter: 0 };
  const header = { shard, origin: from, sequence: 1, time, dependencies: new Map<number, number>() };
  const row = encodeOperation({ ...header, kind: "purge", vector: "z", dots: [] });
  const batch = encodeBatchFromRows({ shard, origin: from, firstSequence: 1, rows: [row] });
  say(encodeEnvelope({ cluster: CLUSTER, from, to: 0, message: { kind: "operations", batch } }));
  await until("it is set aside", () => database.status().leftOut.setAside.total === 1);
}
