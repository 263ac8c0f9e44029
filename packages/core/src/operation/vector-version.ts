/** A new version of one vector of a point. */
export interface VectorVersion {
  /** `""` is the unnamed vector. */
  readonly name: string;
  /** The canonical vector, dimensions of its space. */
  readonly values: Float32Array;
  /** Edges that the insert adds and removes, packed by the index; opaque here. */
  readonly delta: Uint8Array;
}
