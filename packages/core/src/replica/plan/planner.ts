import type { DenseSpace, InsertCandidates, NodeDot } from "@murmuration/index";

/** What a planner needs of a graph. */
export type PlannedGraph = Pick<DenseSpace, "handle" | "inserts" | "options">;

/** A vector that is to be inserted: f32[dimensions] as it will be stored, under the dot that its operation is expected to have. */
export interface PlannedInsert {
  readonly dot: NodeDot;
  readonly values: Float32Array;
}

/**
 * Port: finds the candidates of a group's inserts, most of the work of planning them, all against the graph as it stands. Nothing
 * changes the graph meanwhile. What an insert's delta becomes is decided afterwards, where the delta is made (`GroupPlan`).
 */
export interface Planner {
  /** Most vectors of a group; 1: each is planned by itself, after those before it are applied. */
  readonly groupSize: number;
  /** By insert, in order; `undefined` for one that is to be planned by itself. The same as `index.inserts.candidates` finds. */
  candidates(index: PlannedGraph, inserts: readonly PlannedInsert[]): readonly (InsertCandidates | undefined)[];
}

/** Plans one insert after the other, in this thread. */
export const oneAfterAnother: Planner = {
  groupSize: 1,
  candidates: (index, inserts) => inserts.map(({ dot, values }) => index.inserts.candidates(dot, values)),
};
