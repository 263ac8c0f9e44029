import type { Collection, NamedVectors, PointCommand, PointRecord, Selection, Target } from "@murmuration/core";
import { MurmurationError, type Payload, type PointId } from "@murmuration/index";
import { type FakePoint, matches } from "./fake-filter.js";

export type FakePoints = Map<PointId, FakePoint>;

function normalised(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((x) => x / length);
}

function stored(collection: Collection, vectors: NamedVectors): NamedVectors {
  return Object.fromEntries(
    Object.entries(vectors).map(([name, vector]) => [
      name,
      collection.vectors[name]?.distance === "Cosine" ? normalised(vector) : vector,
    ]),
  );
}

function targeted(points: FakePoints, target: Target): readonly FakePoint[] {
  if ("ids" in target) return target.ids.flatMap((id) => points.get(id) ?? []);
  return [...points.values()].filter((point) => matches(target.filter, point));
}

function without<T>(from: { readonly [key: string]: T }, keys: readonly string[]): { readonly [key: string]: T } {
  return Object.fromEntries(Object.entries(from).filter(([key]) => !keys.includes(key)));
}

/** Applies a command to the points of a collection, in place. */
export function applyPointCommand(
  points: FakePoints,
  collection: Collection,
  command: PointCommand,
  version: number,
): void {
  const change = (target: Target, payload: (point: FakePoint) => Payload) => {
    for (const point of targeted(points, target)) points.set(point.id, { ...point, payload: payload(point), version });
  };
  switch (command.kind) {
    case "upsert-points":
      for (const { id, vectors, payload } of command.points) {
        const old = points.get(id);
        if (command.mode === "insert-only" && old !== undefined) continue;
        if (command.mode === "update-only" && old === undefined) continue;
        if (old !== undefined && !matches(command.updateFilter, old)) continue;
        points.set(id, { id, vectors: stored(collection, vectors), payload, version });
      }
      return;
    case "delete-points":
      for (const { id } of targeted(points, command.target)) points.delete(id);
      return;
    case "set-payload":
      return change(command.target, (point) => ({ ...point.payload, ...command.payload }));
    case "overwrite-payload":
      return change(command.target, () => command.payload);
    case "delete-payload":
      return change(command.target, (point) => without(point.payload, command.keys));
    case "clear-payload":
      return change(command.target, () => ({}));
    case "update-vectors":
      for (const { id } of command.points) {
        if (!points.has(id)) throw new MurmurationError("not-found", `No point with id ${id} found`);
      }
      for (const { id, vectors } of command.points) {
        const old = points.get(id) as FakePoint;
        points.set(id, { ...old, vectors: { ...old.vectors, ...stored(collection, vectors) }, version });
      }
      return;
    case "delete-vectors":
      for (const point of targeted(points, command.target)) {
        points.set(point.id, { ...point, vectors: without(point.vectors, command.vectors), version });
      }
  }
}

/** The parts of a point that a selection asks for. */
export function selected(point: FakePoint, selection: Selection): PointRecord {
  const { payload, vectors } = selection;
  const keys = Object.keys(point.payload);
  const dropped =
    typeof payload === "boolean"
      ? []
      : "include" in payload
        ? keys.filter((key) => !payload.include.includes(key))
        : payload.exclude;
  const names = Object.keys(point.vectors);
  const wanted = typeof vectors === "boolean" ? names : vectors;
  return {
    id: point.id,
    ...(payload === false ? {} : { payload: without(point.payload, dropped) }),
    ...(vectors === false
      ? {}
      : {
          vectors: without(
            point.vectors,
            names.filter((name) => !wanted.includes(name)),
          ),
        }),
  };
}
