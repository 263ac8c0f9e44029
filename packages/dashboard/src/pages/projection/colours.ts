// Which colour and shape a point has by a field of its payload: shapes differ, too, so that nobody has to tell colours apart.

/** Okabe and Ito, "Color Universal Design" (2008): told apart with every kind of colour vision. Without black and yellow, which one of the themes swallows. */
export const categoryColours = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"] as const;

/** What stands for a category beside its colour. */
export type Shape = "circle" | "square" | "triangle" | "diamond" | "cross" | "ring";
const shapes: readonly Shape[] = ["circle", "square", "triangle", "diamond", "cross", "ring"];

/** From low to high: cividis (Nuñez, Anderton and Renslow, 2018), which looks nearly alike with and without red-green vision. */
const cividis = ["#00306f", "#4a4c6b", "#73716f", "#9b9470", "#c6b95f", "#fde737"] as const;

/** Characters of a category's name. */
const NAME_MAX = 80;
/** Numbers of which there are more are shown as a range. */
const NUMBERS_AS_CATEGORIES_MAX = 6;

/** An entry of the legend. */
export interface Category {
  readonly name: string;
  readonly colour: string;
  readonly shape: Shape;
  readonly count: number;
}

/** How points are coloured. */
export type Colouring =
  | { readonly kind: "plain"; readonly colour: string }
  | { readonly kind: "categories"; readonly categories: readonly Category[]; readonly of: readonly number[] }
  | {
      readonly kind: "range";
      readonly low: number;
      readonly high: number;
      /** By point; `undefined`: it has no number there. */
      readonly values: readonly (number | undefined)[];
      readonly missing: number;
    };

/**
 * The custom property of the theme that marks are edged in: an end of the range is nearly as dark, or as light, as one of the themes. It has a contrast of 3 or
 * more to both (WCAG 2.2, "Non-text Contrast").
 */
export const edgeColour = "--text-soft";

/** What points without a value are shown as. */
export const missingColour = "#8b9a9a";

/** A colour of the range, by a share from 0 to 1. */
export function rangeColour(share: number): string {
  const at = Math.min(1, Math.max(0, share)) * (cividis.length - 1);
  const low = Math.min(Math.floor(at), cividis.length - 2);
  const [from, to] = [cividis[low] as string, cividis[low + 1] as string];
  const mix = (place: number) => {
    const [a, b] = [from, to].map((hex) => Number.parseInt(hex.slice(place, place + 2), 16)) as [number, number];
    return Math.round(a + (b - a) * (at - low))
      .toString(16)
      .padStart(2, "0");
  };
  return `#${mix(1)}${mix(3)}${mix(5)}`;
}

/** The value that a point is coloured by: the first of a list. */
function shownValue(value: unknown): string | number | boolean | bigint | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof first === "string" || typeof first === "boolean" || typeof first === "bigint") return first;
  return typeof first === "number" && Number.isFinite(first) ? first : undefined;
}

function byCategory(values: readonly (string | number | boolean | bigint | undefined)[]): Colouring {
  const counts = new Map<string, number>();
  const names = values.map((value) => (value === undefined ? undefined : String(value).slice(0, NAME_MAX)));
  for (const name of names) if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  const ordered = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const shown = ordered.slice(0, categoryColours.length);
  const rest = ordered.slice(categoryColours.length).reduce((sum, [, count]) => sum + count, 0);
  const missing = names.filter((name) => name === undefined).length;
  const categories: Category[] = shown.map(([name, count], i) => ({
    name,
    count,
    colour: categoryColours[i] as string,
    shape: shapes[i] as Shape,
  }));
  const places = new Map(shown.map(([name], i) => [name, i]));
  let [restAt, missingAt] = [-1, -1];
  if (rest > 0) {
    const others = ordered.length - shown.length;
    restAt = categories.push({ name: `${others} others`, count: rest, colour: missingColour, shape: "ring" }) - 1;
  }
  if (missing > 0) {
    missingAt = categories.push({ name: "no value", count: missing, colour: missingColour, shape: "cross" }) - 1;
  }
  const of = names.map((name) => (name === undefined ? missingAt : (places.get(name) ?? restAt)));
  return { kind: "categories", categories, of };
}

/** How to colour points by these values of a field: as categories, the most frequent ones by themselves, or as a range of numbers. */
export function colouringOf(field: readonly unknown[]): Colouring {
  const values = field.map(shownValue);
  const numbers = values.map((value) =>
    typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined,
  );
  const given = values.filter((value) => value !== undefined).length;
  const known = numbers.filter((value) => value !== undefined);
  const isNumeric = given > 0 && known.length === given;
  if (!isNumeric || new Set(known).size <= NUMBERS_AS_CATEGORIES_MAX) return byCategory(values);
  const low = known.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = known.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  return { kind: "range", low, high, values: numbers, missing: values.length - known.length };
}

/** Colour and shape of one point. */
export function markOf(colouring: Colouring, at: number): { readonly colour: string; readonly shape: Shape } {
  if (colouring.kind === "plain") return { colour: colouring.colour, shape: "circle" };
  if (colouring.kind === "categories") {
    const category = colouring.categories[colouring.of[at] ?? -1];
    return category ?? { colour: missingColour, shape: "cross" };
  }
  const value = colouring.values[at];
  if (value === undefined) return { colour: missingColour, shape: "cross" };
  const { low, high } = colouring;
  return { colour: rangeColour(high > low ? (value - low) / (high - low) : 0.5), shape: "circle" };
}
