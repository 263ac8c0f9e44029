import { MurmurationError } from "@murmuration/index";
import { catalogueDelta } from "../../catalogue/catalogue-delta.js";
import { CatalogueDocument } from "../../catalogue/catalogue-document.js";
import type { Collection } from "../../catalogue/collection.js";
import type { VersionVector } from "../../causality/version-vector.js";
import type { LogWriter, OpLog } from "../../log/op-log.js";
import { mark } from "../../marks.js";
import { decodeOperation } from "../../operation/codec.js";
import { isPlanted } from "../../planted.js";
import { CausalState } from "../../state/causal-state.js";
import { StoredStates } from "../../state/stored-states.js";
import type { WritableShard } from "../../state/writable-shard.js";
import type { Change } from "../commit/change.js";
import { type Quarantine, refusalOf } from "../commit/quarantines.js";
import { noteMended } from "../commit/recover-table.js";
import { replacedBy } from "../commit/replaced.js";
import type { ReplicaState } from "../commit/replica-state.js";
import { causalSetting, recoverCausality, SYSTEM_SHARD, storedCausality } from "../commit/stored-causality.js";
import { putAllPoints } from "../commit/write-shard.js";
import { isFrontier, type Progress, recoverGraphs, recoverPoints, replayShard } from "./recover-shard.js";
import type { ReplicaOptions } from "./replica-options.js";

const MISSING_AT_END = "operations are missing at the end of the log";

/**
 * Put a replica's state together from its log. What cannot be is quarantined: nothing that stands in a log keeps the rest from being served.
 * Where the projection of a shard is damaged, the shard is made again from its operations.
 */
export function recoverReplica(
  log: OpLog,
  id: number,
  options: Pick<ReplicaOptions, "images" | "vectorFiles" | "recoverFrom" | "onMended" | "newTableSeed">,
): ReplicaState {
  const { images, vectorFiles, recoverFrom: from = "projection", onMended, newTableSeed } = options;
  const { document, system, quarantined, derivedFor } = recoverCatalogue(log, id);
  const shards = new Map<string, WritableShard>();
  /** Made again from the log alone. */
  const replayed = new Set<WritableShard>();
  const fail = (collection: Collection, error: unknown, { position }: Progress) => {
    mark("quarantined");
    shards.delete(collection.id);
    quarantined.push({ shard: collection.id, collection: collection.name, reason: reasonOf(error), position });
  };
  /** `why`: what came of the projection. */
  const replay = (collection: Collection, why?: unknown) => {
    const progress: Progress = { position: 0 };
    try {
      const target = replayShard(log, collection, vectorFiles, progress);
      requireFrontier(log, collection.id, target.shard.frontier);
      target.rows.fill(newTableSeed);
      shards.set(collection.id, target);
      if (why === undefined) return;
      replayed.add(target);
      onMended?.(`collection ${collection.name}: ${reasonOf(why)}`);
    } catch (error) {
      fail(collection, error, progress);
    }
  };
  const collections = Object.values(document.read().collections);
  const isStray = (shard: string) => shard !== SYSTEM_SHARD && !collections.some(({ id: known }) => known === shard);
  const hasStrays = quarantined.length === 0 && log.shards().some(isStray);
  for (const collection of collections) {
    if (hasStrays && !isKept(log, collection.id)) {
      fail(collection, corrupt("the log holds operations of a shard that has lost its name, and nothing of this one"), {
        position: 0,
      });
      continue;
    }
    if (from === "log") {
      replay(collection);
      continue;
    }
    try {
      const sources = { images, vectorFiles };
      shards.set(collection.id, recoverGraphs(log, collection, sources, newTableSeed, { position: 0 }));
    } catch (error) {
      replay(collection, error);
    }
  }
  if (from === "projection") {
    const whole = [...shards].filter(([, target]) => !replayed.has(target));
    for (const [shard, target] of whole) {
      try {
        recoverPoints(log, target, newTableSeed);
      } catch (error) {
        mark("damaged row found");
        if (isPlanted("rows-believed")) throw error;
        shards.delete(shard);
        replay(target.shard.collection, error);
      }
    }
  }
  const changes: Change[] = Array.from(replayed, (target) => mendProjection(log, target));
  if (derivedFor !== undefined) {
    // what the operations say in a catalogue that is not known to be whole must not pass for what was written
    if (!quarantined.some(({ shard }) => shard === SYSTEM_SHARD)) {
      onMended?.(`the catalogue: ${reasonOf(derivedFor)}`);
      mend(log, (writer) => writer.putSetting(causalSetting(SYSTEM_SHARD), storedCausality(system)));
    }
    changes.push({
      kind: "catalogue",
      delta: catalogueDelta(document.read(), document.read()),
      frontier: new Map(system.frontier),
      collections: new Map(),
    });
  }
  for (const one of quarantined) {
    if (one.shard !== SYSTEM_SHARD) changes.push({ kind: "quarantined", shard: one.shard, refusal: refusalOf(one) });
  }
  return { document, shards, system, quarantined, changes };
}

/** Does the log hold anything of a shard? Of a collection without points it need not. */
function isKept(log: OpLog, shard: string): boolean {
  return log.frontier(shard).size > 0 || hasCausality(log, shard);
}

function hasCausality(log: OpLog, shard: string): boolean {
  try {
    return (log.setting(causalSetting(shard)) ?? "") !== "";
  } catch {
    return true;
  }
}

interface RecoveredCatalogue {
  readonly document: CatalogueDocument;
  readonly system: CausalState;
  /** What is wrong with what the log keeps of it, so that it was put together from the operations. */
  readonly derivedFor: unknown;
  /** The system shard, when not all of its log could be applied. */
  readonly quarantined: Quarantine[];
}

/** The catalogue of all changes in the log that can be applied. */
function recoverCatalogue(log: OpLog, id: number): RecoveredCatalogue {
  requireSystemShard(log);
  const changes: Uint8Array[] = [];
  const followed = new CausalState();
  let position = 0;
  let failure: unknown;
  const onDamaged = (_: unknown, error: MurmurationError) => {
    failure ??= error;
  };
  for (const entry of log.read(0, { shard: SYSTEM_SHARD, onDamaged })) {
    try {
      const operation = decodeOperation(entry.shard, entry.origin, entry.sequence, entry.bytes);
      if (operation.kind !== "catalogue") throw corrupt(`an operation ${operation.kind} is not for the system shard`);
      followed.advance(operation);
      changes.push(operation.change);
      if (failure === undefined) position = entry.position;
    } catch (error) {
      failure ??= error;
    }
  }
  let document = CatalogueDocument.create(id);
  try {
    if (changes.length > 0) document = document.restore(changes);
  } catch (error) {
    failure ??= error;
    for (const change of changes) {
      try {
        document = document.restore([change]);
      } catch {
        // what builds on it cannot be applied either
      }
    }
  }
  let system = followed;
  let derivedFor: unknown;
  try {
    const { causality } = recoverCausality(log, SYSTEM_SHARD);
    if (!isFrontier(causality.frontier, log.frontier(SYSTEM_SHARD)))
      throw corrupt("the frontiers of the catalogue differ");
    system = causality;
    if (!isFrontier(causality.frontier, followed.frontier)) failure ??= corrupt(MISSING_AT_END);
  } catch (error) {
    derivedFor = error;
    try {
      requireFrontier(log, SYSTEM_SHARD, followed.frontier);
    } catch {
      failure ??= error;
    }
  }
  if (failure === undefined) return { document, system, derivedFor, quarantined: [] };
  return {
    document,
    system,
    derivedFor,
    quarantined: [{ shard: SYSTEM_SHARD, collection: "", reason: reasonOf(failure), position }],
  };
}

/**
 * The operations are what the frontier that the log keeps counts. Where the two differ, the causality that it keeps beside them tells which
 * of them is damaged: a frontier is mended, operations that are lost are not to be had here. Where both are empty and the causality is not,
 * the log has lost the shard's name.
 */
function requireFrontier(log: OpLog, id: string, frontier: VersionVector): void {
  const isCounted = isFrontier(log.frontier(id), frontier);
  if (isCounted && frontier.size > 0) return;
  const { causality } = recoverCausality(log, id);
  if (!isFrontier(causality.frontier, frontier)) {
    throw corrupt(frontier.size === 0 ? "its operations are not in the log" : MISSING_AT_END);
  }
  if (isCounted || isPlanted("frontiers-believed")) return;
  mark("frontier mended");
  mend(log, (writer) => writer.mendFrontier(id, frontier));
}

/** A log that holds shards holds the catalogue that names them: without it nothing here would be served, and nothing missed. */
function requireSystemShard(log: OpLog): void {
  const others = log.shards().filter((shard) => shard !== SYSTEM_SHARD);
  const isHeld = log.frontier(SYSTEM_SHARD).size > 0 || log.operationCount(SYSTEM_SHARD) > 0;
  if (others.length === 0 || isHeld) return;
  throw corrupt(`the log holds ${others.length} shards and not the catalogue that names them`);
}

/** Put the points of a shard that was made again from its operations in place of those of the projection. */
function mendProjection(log: OpLog, target: WritableShard): Change {
  const { shard } = target;
  const isMended = mend(log, (writer) => {
    noteMended(writer, log, shard.id);
    writer.dropPoints(shard.id);
    putAllPoints(writer, shard);
    writer.putSetting(causalSetting(shard.id), storedCausality(shard.causality, shard.windows));
  });
  if (isMended) shard.table.keepIn(new StoredStates(log, shard.id));
  return replacedBy(target);
}

/** Where the disk is full, what is served is right all the same, and the next start mends it. Returns whether it was written. */
function mend(log: OpLog, write: (writer: LogWriter) => void): boolean {
  try {
    log.transaction(write);
    return true;
  } catch (error) {
    if (!(error instanceof MurmurationError)) throw error;
    return false;
  }
}

function corrupt(why: string): MurmurationError {
  return new MurmurationError("corrupt", why);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
