import type { Dot } from "../causality/dot.js";
import type { HybridTime } from "../causality/hybrid-clock.js";
import type { VersionVector } from "../causality/version-vector.js";
import type { CatalogueBody } from "./catalogue-change.js";
import type { ClearPayloadBody } from "./clear-payload.js";
import type { DeleteBody } from "./delete.js";
import type { DeletePayloadBody } from "./delete-payload.js";
import type { DeleteVectorsBody } from "./delete-vectors.js";
import type { EdgesBody } from "./edges.js";
import type { ForgetBody } from "./forget.js";
import type { OverwritePayloadBody } from "./overwrite-payload.js";
import type { PurgeBody } from "./purge.js";
import type { SetPayloadBody } from "./set-payload.js";
import type { UpdateVectorsBody } from "./update-vectors.js";
import type { UpsertBody } from "./upsert.js";

/** Who wrote an operation, where, when, and knowing what. */
export interface OperationHeader {
  readonly shard: string;
  /** Replica that wrote it. */
  readonly origin: number;
  /** Its place among the origin's operations in this shard, from 1 without gaps. */
  readonly sequence: number;
  readonly time: HybridTime;
  /**
   * What the origin had learned from others since its previous operation in this shard: only the entries that changed,
   * never its own. It must be applied after all of them.
   */
  readonly dependencies: VersionVector;
}

/** What an operation does, by its kind. */
export type OperationBody =
  | UpsertBody
  | UpdateVectorsBody
  | DeleteVectorsBody
  | DeleteBody
  | SetPayloadBody
  | OverwritePayloadBody
  | DeletePayloadBody
  | ClearPayloadBody
  | CatalogueBody
  | EdgesBody
  | PurgeBody
  | ForgetBody;

/** Names of the kinds of operation. */
export type OperationKind = OperationBody["kind"];

/** One change of one shard: what is logged, replicated and applied. */
export type Operation = OperationHeader & OperationBody;

/** The operation's name. */
export function dotOf(operation: OperationHeader): Dot {
  return { origin: operation.origin, sequence: operation.sequence };
}
