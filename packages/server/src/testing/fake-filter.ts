import type { Condition, Filter, Json, Payload, PointId } from "@murmuration/index";
import { isJsonObject } from "@murmuration/index";

export interface FakePoint {
  readonly id: PointId;
  readonly vectors: { readonly [name: string]: Float32Array };
  readonly payload: Payload;
  readonly version: number;
}

/** Values at a path of plain keys; an array stands for its elements. */
export function valuesAt(payload: Payload, path: string): readonly Json[] {
  let values: readonly Json[] = [payload];
  for (const key of path.split(".")) {
    values = values.flatMap((value) => {
      const child = isJsonObject(value) ? value[key] : undefined;
      return child === undefined ? [] : Array.isArray(child) ? (child as readonly Json[]) : [child];
    });
  }
  return values;
}

function holds(condition: Condition, point: FakePoint): boolean {
  switch (condition.kind) {
    case "match-value":
      return valuesAt(point.payload, condition.key).includes(condition.value);
    case "match-any":
      return valuesAt(point.payload, condition.key).some((value) =>
        (condition.values as readonly Json[]).includes(value),
      );
    case "range": {
      const { lt = Infinity, gt = -Infinity, lte = Infinity, gte = -Infinity } = condition;
      return valuesAt(point.payload, condition.key).some((value) => {
        if (typeof value !== "number" && typeof value !== "bigint") return false;
        return value < lt && value > gt && value <= lte && value >= gte;
      });
    }
    case "has-id":
      return condition.ids.includes(point.id);
    case "filter":
      return matches(condition.filter, point);
    default:
      throw new Error(`the fake does not know the condition ${condition.kind}`);
  }
}

/** Does the point match? Knows the conditions that the tests of the routes use. */
export function matches(filter: Filter | undefined, point: FakePoint): boolean {
  if (filter === undefined) return true;
  return (
    filter.must.every((condition) => holds(condition, point)) &&
    !filter.mustNot.some((condition) => holds(condition, point)) &&
    (filter.should.length === 0 || filter.should.some((condition) => holds(condition, point)))
  );
}
