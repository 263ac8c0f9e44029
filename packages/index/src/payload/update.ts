import { isJsonObject, type Json, type JsonObject, type Payload } from "./json.js";
import type { JsonPath, PathStep } from "./path.js";

function withKey(object: JsonObject, key: string, value: Json): JsonObject {
  // A computed key in a literal always makes an own property, also for "__proto__"; an assignment would not.
  return { ...object, [key]: value };
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

/** Places to be deleted, by the steps that lead there. */
interface Deletions {
  /** What stands here goes. */
  isGone: boolean;
  readonly keys: Map<string, Deletions>;
  /** In every element of an array here, and in some. */
  each: Deletions | undefined;
  readonly elements: Map<number, Deletions>;
}

const noDeletions = (): Deletions => ({ isGone: false, keys: new Map(), each: undefined, elements: new Map() });

function below(at: Deletions, step: PathStep): Deletions {
  if (step.kind === "each") return (at.each ??= noDeletions());
  const found = step.kind === "key" ? at.keys.get(step.key) : at.elements.get(step.index);
  if (found !== undefined) return found;
  const made = noDeletions();
  if (step.kind === "key") at.keys.set(step.key, made);
  else at.elements.set(step.index, made);
  return made;
}

function withoutKeys(object: JsonObject, keys: Deletions["keys"]): JsonObject {
  const kept: [string, Json][] = [];
  let isChanged = false;
  for (const [key, value] of Object.entries(object)) {
    const deletions = keys.get(key);
    if (deletions?.isGone === true) {
      isChanged = true;
      continue;
    }
    const left = deletions === undefined ? value : without(value, deletions);
    isChanged ||= left !== value;
    kept.push([key, left]);
  }
  return isChanged ? Object.fromEntries(kept) : object;
}

/** To drop one element is not idempotent: only what is in it can be deleted. */
function withoutInElements(elements: readonly Json[], { each, elements: some }: Deletions): readonly Json[] {
  if (each === undefined && some.size === 0) return elements;
  if (each?.isGone === true) return [];
  let isChanged = false;
  const kept = elements.map((element, i) => {
    const own = some.get(i);
    const inAll = each === undefined ? element : without(element, each);
    const left = own === undefined ? inAll : without(inAll, own);
    isChanged ||= left !== element;
    return left;
  });
  return isChanged ? kept : elements;
}

function without(value: Json, deletions: Deletions): Json {
  if (Array.isArray(value)) return withoutInElements(value as readonly Json[], deletions) as Json;
  return isJsonObject(value) && deletions.keys.size > 0 ? withoutKeys(value, deletions.keys) : value;
}

/**
 * Makes ready to take what stands at these paths out of payloads. Each is looked through once, however many paths there are. `a[]` empties
 * the array. `a[0]` changes nothing: to drop one element is not idempotent. The given payloads do not change, and parts of them in which
 * nothing is deleted are those of the result.
 */
export function compileDeletion(paths: readonly JsonPath[]): (payload: Payload) => Payload {
  const root = noDeletions();
  for (const { steps } of paths) {
    let at = root;
    for (const step of steps) at = below(at, step);
    at.isGone = true;
  }
  return (payload) => without(payload, root) as Payload;
}

/** The payload without what stands at one path: see `compileDeletion`. */
export function deleteAt(payload: Payload, path: JsonPath): Payload {
  return compileDeletion([path])(payload);
}
