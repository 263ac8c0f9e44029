import { isJsonObject, type Json, type Payload } from "./json.js";
import { type JsonPath, type PathStep, parsePath } from "./path.js";

/** Which parts of a payload to return: all, none, only these paths, or all but these paths. */
export type PayloadSelector =
  | boolean
  | { readonly include: readonly string[] }
  | { readonly exclude: readonly string[] };

/** How a pattern stands to the place reached so far: on the way to it, at or below it, or elsewhere. */
type Keep = (steps: readonly PathStep[]) => boolean;

function sameStep(a: PathStep, b: PathStep): boolean {
  if (a.kind === "key") return b.kind === "key" && a.key === b.key;
  // Which element is not told apart here: places name elements only as `[]`.
  return a.kind === "each" && b.kind === "each";
}

function agree(pattern: JsonPath, place: readonly PathStep[]): boolean {
  const shared = Math.min(pattern.steps.length, place.length);
  for (let i = 0; i < shared; i++) {
    if (!sameStep(pattern.steps[i] as PathStep, place[i] as PathStep)) return false;
  }
  return true;
}

function prune(value: Json, place: PathStep[], keep: Keep): Json {
  if (Array.isArray(value)) {
    place.push({ kind: "each" });
    const kept = keep(place) ? (value as readonly Json[]).map((element) => prune(element, place, keep)) : [];
    place.pop();
    return kept;
  }
  if (!isJsonObject(value)) return value;
  const kept: [string, Json][] = [];
  for (const [key, inner] of Object.entries(value)) {
    place.push({ kind: "key", key });
    if (keep(place)) kept.push([key, prune(inner, place, keep)]);
    place.pop();
  }
  return Object.fromEntries(kept);
}

/**
 * The selected part of a payload, or `undefined` for `false`. Paths go through arrays as `a[].b`; a path that names one
 * element selects nothing inside of the array. Objects and arrays on the way to a selected place are kept, if empty.
 * Throws `format` for a bad path.
 */
export function selectPayload(payload: Payload, selector: PayloadSelector): Payload | undefined {
  if (selector === true) return payload;
  if (selector === false) return undefined;
  if ("include" in selector) {
    const patterns = selector.include.map((text) => parsePath(text, "with_payload.include"));
    return prune(payload, [], (place) => patterns.some((pattern) => agree(pattern, place))) as Payload;
  }
  const patterns = selector.exclude.map((text) => parsePath(text, "with_payload.exclude"));
  const keep: Keep = (place) =>
    !patterns.some((pattern) => pattern.steps.length <= place.length && agree(pattern, place));
  return prune(payload, [], keep) as Payload;
}
