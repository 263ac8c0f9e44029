import { isJsonObject, type Json, type Payload } from "./json.js";
import { parsePath } from "./path.js";

/** Which parts of a payload to return: all, none, only these paths, or all but these paths. */
export type PayloadSelector =
  | boolean
  | { readonly include: readonly string[] }
  | { readonly exclude: readonly string[] };

/** A selector made ready: the selected part of a payload, or `undefined` where nothing of payloads is asked for. */
export type PayloadSelection = (payload: Payload) => Payload | undefined;

/** Paths by their steps. */
interface PathTree {
  /** A path ends here: it names this place, and all below it. */
  isNamed: boolean;
  readonly keys: Map<string, PathTree>;
  /** Of the elements of an array here. */
  elements: PathTree | undefined;
}

function emptyTree(): PathTree {
  return { isNamed: false, keys: new Map(), elements: undefined };
}

/** Which element a path means is not told apart here, so that a path goes no further than to an array of which it names one element. */
function treeOf(paths: readonly string[], field: string): PathTree {
  const root = emptyTree();
  for (const text of paths) {
    const { steps } = parsePath(text, field);
    let at: PathTree | undefined = root;
    for (const step of steps) {
      if (step.kind === "key") {
        const known: PathTree = at.keys.get(step.key) ?? emptyTree();
        at.keys.set(step.key, known);
        at = known;
      } else if (step.kind === "each") {
        at.elements ??= emptyTree();
        at = at.elements;
      } else {
        at = undefined;
        break;
      }
    }
    if (at !== undefined) at.isNamed = true;
  }
  return root;
}

/** What the tree names of a value, with the objects and arrays on the way to it. */
function included(value: Json, tree: PathTree): Json {
  if (tree.isNamed) return value;
  if (Array.isArray(value)) {
    const { elements } = tree;
    return elements === undefined ? [] : (value as readonly Json[]).map((element) => included(element, elements));
  }
  if (!isJsonObject(value)) return value;
  const kept: [string, Json][] = [];
  for (const [key, inner] of Object.entries(value)) {
    const below = tree.keys.get(key);
    if (below !== undefined) kept.push([key, included(inner, below)]);
  }
  return Object.fromEntries(kept);
}

/** What the tree leaves of a value. */
function withoutExcluded(value: Json, tree: PathTree): Json {
  if (Array.isArray(value)) {
    const { elements } = tree;
    if (elements === undefined) return value;
    return elements.isNamed ? [] : (value as readonly Json[]).map((element) => withoutExcluded(element, elements));
  }
  if (!isJsonObject(value) || tree.keys.size === 0) return value;
  const kept: [string, Json][] = [];
  for (const [key, inner] of Object.entries(value)) {
    const below = tree.keys.get(key);
    if (below === undefined) kept.push([key, inner]);
    else if (!below.isNamed) kept.push([key, withoutExcluded(inner, below)]);
  }
  return Object.fromEntries(kept);
}

/**
 * Makes a selector ready for many payloads. Paths go through arrays as `a[].b`; a path that names one element selects nothing inside of
 * the array. Objects and arrays on the way to a selected place are kept, if empty. Throws `format` for a bad path.
 */
export function compileSelector(selector: PayloadSelector): PayloadSelection {
  if (selector === true) return (payload) => payload;
  if (selector === false) return () => undefined;
  if ("include" in selector) {
    const tree = treeOf(selector.include, "with_payload.include");
    return (payload) => included(payload, tree) as Payload;
  }
  const tree = treeOf(selector.exclude, "with_payload.exclude");
  return (payload) => withoutExcluded(payload, tree) as Payload;
}

/** The selected part of one payload: see `compileSelector`. */
export function selectPayload(payload: Payload, selector: PayloadSelector): Payload | undefined {
  return compileSelector(selector)(payload);
}
