/** How a field is compared with given values or texts. */
export type MatchHow = "value" | "any" | "except" | "text" | "text_any" | "phrase" | "prefix";

/** Of what type the values of a match are. */
export type ValueType = "text" | "integer" | "boolean";

/** Bounds as they are typed; an empty one is none. */
export interface BoundsDraft {
  readonly gt: string;
  readonly gte: string;
  readonly lt: string;
  readonly lte: string;
}

/** A place on the earth, in degrees, as it is typed. */
export interface PlaceDraft {
  readonly lat: string;
  readonly lon: string;
}

/** A condition as a form shows it: what is typed is kept as text until it is written as JSON. */
export type ConditionDraft =
  | {
      readonly kind: "match";
      readonly key: string;
      readonly how: MatchHow;
      readonly type: ValueType;
      /** One, but for `any` and `except`. */
      readonly values: readonly string[];
    }
  | {
      readonly kind: "range";
      readonly key: string;
      readonly type: "number" | "datetime";
      readonly bounds: BoundsDraft;
    }
  | { readonly kind: "values_count"; readonly key: string; readonly bounds: BoundsDraft }
  | {
      readonly kind: "geo_bounding_box";
      readonly key: string;
      readonly topLeft: PlaceDraft;
      readonly bottomRight: PlaceDraft;
    }
  | { readonly kind: "geo_radius"; readonly key: string; readonly center: PlaceDraft; readonly radius: string }
  | {
      readonly kind: "geo_polygon";
      readonly key: string;
      readonly exterior: readonly PlaceDraft[];
      readonly interiors: readonly (readonly PlaceDraft[])[];
    }
  | { readonly kind: "is_empty" | "is_null"; readonly key: string; readonly isAffirmed: boolean }
  | { readonly kind: "has_id"; readonly ids: readonly string[] }
  | { readonly kind: "has_vector"; readonly vector: string }
  | { readonly kind: "slice"; readonly total: string; readonly index: string }
  | { readonly kind: "nested"; readonly key: string; readonly filter: FilterDraft }
  | { readonly kind: "filter"; readonly filter: FilterDraft }
  /** What no form shows, as the JSON that it is. */
  | { readonly kind: "json"; readonly text: string };

/** A filter as a form shows it. */
export interface FilterDraft {
  readonly must: readonly ConditionDraft[];
  readonly should: readonly ConditionDraft[];
  readonly mustNot: readonly ConditionDraft[];
  readonly minShould?: { readonly conditions: readonly ConditionDraft[]; readonly minCount: string };
}

/** The kind of a condition. */
export type ConditionKind = ConditionDraft["kind"];

/** The filter that every point matches. */
export const emptyDraft: FilterDraft = { must: [], should: [], mustNot: [] };

const noBounds: BoundsDraft = { gt: "", gte: "", lt: "", lte: "" };
const nowhere: PlaceDraft = { lat: "", lon: "" };

/** Kinds of conditions in the order in which they are offered, with their names. */
export const conditionKinds: readonly (readonly [ConditionKind, string])[] = [
  ["match", "equals, has words"],
  ["range", "lies between"],
  ["values_count", "number of values"],
  ["is_empty", "is empty"],
  ["is_null", "is null"],
  ["geo_radius", "within a circle"],
  ["geo_bounding_box", "within a box"],
  ["geo_polygon", "within a polygon"],
  ["has_id", "id is one of"],
  ["has_vector", "has a vector"],
  ["slice", "slice of all points"],
  ["nested", "one object in an array"],
  ["filter", "group of conditions"],
  ["json", "other (JSON)"],
];

/** A condition of this kind before anything is typed; of the same field where it is about one. */
export function newCondition(kind: ConditionKind, key = ""): ConditionDraft {
  switch (kind) {
    case "match":
      return { kind, key, how: "value", type: "text", values: [""] };
    case "range":
      return { kind, key, type: "number", bounds: noBounds };
    case "values_count":
      return { kind, key, bounds: noBounds };
    case "geo_bounding_box":
      return { kind, key, topLeft: nowhere, bottomRight: nowhere };
    case "geo_radius":
      return { kind, key, center: nowhere, radius: "" };
    case "geo_polygon":
      return { kind, key, exterior: [], interiors: [] };
    case "is_empty":
    case "is_null":
      return { kind, key, isAffirmed: true };
    case "has_id":
      return { kind, ids: [""] };
    case "has_vector":
      return { kind, vector: "" };
    case "slice":
      return { kind, total: "", index: "" };
    case "nested":
      return { kind, key, filter: emptyDraft };
    case "filter":
      return { kind, filter: emptyDraft };
    case "json":
      return { kind, text: "{}" };
  }
}

/** How many conditions a filter has, those inside of others counted. */
export function conditionCount(filter: FilterDraft): number {
  const all = [...filter.must, ...filter.should, ...filter.mustNot, ...(filter.minShould?.conditions ?? [])];
  return all.reduce((sum, condition) => sum + 1 + ("filter" in condition ? conditionCount(condition.filter) : 0), 0);
}
