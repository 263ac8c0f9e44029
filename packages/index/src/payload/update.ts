import { isJsonObject, type Json, type JsonObject, type Payload } from "./json.js";
import type { JsonPath, PathStep } from "./path.js";

function withKey(object: JsonObject, key: string, value: Json): JsonObject {
  // A computed key in a literal always makes an own property, also for "__proto__"; an assignment would not.
  return { ...object, [key]: value };
}

function withoutKey(object: JsonObject, key: string): JsonObject {
  if (!Object.hasOwn(object, key)) return object;
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
}

/**
 * `target` with the top-level keys of `patch` put over it; keys that are null in `patch` are removed, as in the
 * dialect's set-payload call. Neither argument changes.
 */
export function mergePayload(target: Payload, patch: Payload): Payload {
  const removed = new Set<string>();
  const kept: [string, Json][] = [];
  for (const entry of Object.entries(patch)) {
    if (entry[1] === null) removed.add(entry[0]);
    else kept.push(entry);
  }
  const stays = Object.entries(target).filter(([key]) => !removed.has(key));
  return Object.fromEntries([...stays, ...kept]);
}

/** How an object is put at a path: over the keys of the object that stands there, or in place of what stands there. */
export type SetMode = "merge" | "replace";

function setInside(value: Json | undefined, steps: readonly PathStep[], patch: JsonObject, mode: SetMode): Json {
  const step = steps[0];
  if (step === undefined) {
    return mode === "replace" ? patch : mergePayload(isJsonObject(value) ? value : {}, patch);
  }
  const rest = steps.slice(1);
  if (step.kind === "key") {
    const object: JsonObject = isJsonObject(value) ? value : {};
    const inner = Object.hasOwn(object, step.key) ? object[step.key] : undefined;
    return withKey(object, step.key, setInside(inner, rest, patch, mode));
  }
  const elements = Array.isArray(value) ? (value as readonly Json[]) : [];
  return elements.map((element, i) =>
    step.kind === "each" || step.index === i ? setInside(element, rest, patch, mode) : element,
  );
}

/**
 * A payload with `patch` put at `path`. Objects on the way are made where they are missing, and other values on the way
 * give way to them; array elements are never made. The given payload does not change.
 */
export function setAt(payload: Payload, path: JsonPath, patch: JsonObject, mode: SetMode): Payload {
  return setInside(payload, path.steps, patch, mode) as Payload;
}

function deleteInside(value: Json, steps: readonly PathStep[]): Json {
  const step = steps[0] as PathStep;
  const rest = steps.slice(1);
  if (step.kind === "key") {
    if (!isJsonObject(value) || !Object.hasOwn(value, step.key)) return value;
    return rest.length === 0
      ? withoutKey(value, step.key)
      : withKey(value, step.key, deleteInside(value[step.key] as Json, rest));
  }
  if (!Array.isArray(value)) return value;
  const elements = value as readonly Json[];
  if (rest.length === 0) return step.kind === "each" ? [] : elements;
  return elements.map((element, i) =>
    step.kind === "each" || step.index === i ? deleteInside(element, rest) : element,
  );
}

/**
 * A payload without what stands at `path`. `a[]` empties the array. `a[0]` changes nothing: to drop one element is not
 * idempotent. The given payload does not change.
 */
export function deleteAt(payload: Payload, path: JsonPath): Payload {
  return deleteInside(payload, path.steps) as Payload;
}
