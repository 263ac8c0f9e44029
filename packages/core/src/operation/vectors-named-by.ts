import type { Operation } from "./operation.js";

/** Vectors that an operation names, by their keys. */
export function vectorsNamedBy(operation: Operation): readonly string[] {
  switch (operation.kind) {
    case "upsert":
    case "update-vectors":
      return [...operation.vectors, ...operation.kept].map(({ name }) => name);
    case "delete-vectors":
      return operation.names;
    case "edges":
    case "purge":
      return [operation.vector];
    default:
      return [];
  }
}
