import { MurmurationError } from "../errors.js";
import { requireWellFormed } from "../text.js";
import { isJsonObject, type Json, type Payload } from "./json.js";
import { parsedPathsMax, pathLengthMax } from "./payload-limits.js";

/** One step of a path: into an object, to one element of an array, or to each element of an array. */
export type PathStep =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "each" };

/** A parsed path. The first step is a key. */
export interface JsonPath {
  readonly text: string;
  readonly steps: readonly PathStep[];
}

/** A key (quoted when it holds `.`, `[` or `]`), after a dot unless it comes first, or a bracket with or without index. */
const STEP_PATTERN = /(\.?)(?:"([^"]*)"|([^."[\]]+))|\[(\d{0,9})\]/y;

const parsedPaths = new Map<string, JsonPath>();

function parseSteps(text: string): PathStep[] | undefined {
  const steps: PathStep[] = [];
  STEP_PATTERN.lastIndex = 0;
  for (let position = 0; position < text.length; position = STEP_PATTERN.lastIndex) {
    const parts = STEP_PATTERN.exec(text);
    if (parts === null) return undefined;
    const [, dot, quotedKey, plainKey, index] = parts;
    const isFirst = steps.length === 0;
    if (index !== undefined) {
      if (isFirst) return undefined;
      steps.push(index === "" ? { kind: "each" } : { kind: "index", index: Number(index) });
    } else {
      if (isFirst !== (dot === "")) return undefined;
      steps.push({ kind: "key", key: quotedKey ?? (plainKey as string) });
    }
  }
  return steps.length === 0 ? undefined : steps;
}

/**
 * The path that `text` spells: `a.b`, `a[].b` (each element), `a[0].b` (one element), `"quoted.key".x`.
 * Throws `format`, naming `field`, when it spells none or is not well-formed Unicode.
 */
export function parsePath(text: string, field?: string): JsonPath {
  const known = parsedPaths.get(text);
  if (known !== undefined) return known;
  if (text.length > pathLengthMax) {
    throw new MurmurationError("format", `path has ${text.length} characters, the limit is ${pathLengthMax}`, field);
  }
  requireWellFormed(text, field ?? "path");
  const steps = parseSteps(text);
  if (steps === undefined) throw new MurmurationError("format", `Invalid json path: '${text}'`, field);
  const path: JsonPath = { text, steps };
  if (parsedPaths.size >= parsedPathsMax) parsedPaths.delete(parsedPaths.keys().next().value as string);
  parsedPaths.set(text, path);
  return path;
}

function someAt(value: Json, steps: readonly PathStep[], depth: number, test: (value: Json) => boolean): boolean {
  let current: Json = value;
  for (let i = depth; i < steps.length; i++) {
    const step = steps[i] as PathStep;
    if (step.kind === "key") {
      if (!isJsonObject(current) || !Object.hasOwn(current, step.key)) return false;
      current = current[step.key] as Json;
      continue;
    }
    if (!Array.isArray(current)) return false;
    const elements = current as readonly Json[];
    if (step.kind === "each") return elements.some((element) => someAt(element, steps, i + 1, test));
    if (step.index >= elements.length) return false;
    current = elements[step.index] as Json;
  }
  return test(current);
}

/**
 * Does some value that stands at `path` pass `test`? An array that stands there is passed whole. Nothing is passed when
 * the path leads nowhere.
 */
export function someStandingAt(payload: Payload, path: JsonPath, test: (value: Json) => boolean): boolean {
  return someAt(payload, path.steps, 0, test);
}

/**
 * Does some value at `path` pass `test`, where an array that stands there counts as its elements? Arrays inside of that
 * array are not opened.
 */
export function someValueAt(payload: Payload, path: JsonPath, test: (value: Json) => boolean): boolean {
  return someAt(payload, path.steps, 0, (value) =>
    Array.isArray(value) ? (value as readonly Json[]).some((element) => test(element)) : test(value),
  );
}

/** All values at `path`, nulls among them, where an array that stands there counts as its elements. */
export function valuesAt(payload: Payload, path: JsonPath): Json[] {
  const values: Json[] = [];
  someValueAt(payload, path, (value) => {
    values.push(value);
    return false;
  });
  return values;
}

/** All values that stand at `path`; arrays are kept whole. An empty answer means that the path leads nowhere. */
export function standingAt(payload: Payload, path: JsonPath): Json[] {
  const values: Json[] = [];
  someStandingAt(payload, path, (value) => {
    values.push(value);
    return false;
  });
  return values;
}
