import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import { inputSchemaOf, type JsonSchema, number, oneOf, optional, parsedBy, shown, within } from "./fields.js";
import { validate } from "./validate.js";

/** Where something is to be kept: a wish. */
export const memory = oneOf(["cold", "cached", "pinned"]);

const common = { always_ram: optional(z.boolean()), memory: optional(memory) };

/** What each kind may hold. */
const kinds = {
  scalar: z.object({ type: oneOf(["int8"]), quantile: optional(number(0.5, 1)), ...common }),
  product: z.object({ compression: oneOf(["x4", "x8", "x16", "x32", "x64"]), ...common }),
  binary: z.object({
    encoding: optional(oneOf(["one_bit", "two_bits", "one_and_half_bits"])),
    query_encoding: optional(oneOf(["default", "binary", "scalar4bits", "scalar8bits"])),
    ...common,
  }),
  turbo: z.object({ bits: optional(oneOf(["bits1", "bits1_5", "bits2", "bits4"])), ...common }),
} as const;

type Kinds = typeof kinds;
type Kind = keyof Kinds;

/** A quantization as it was given, or none. */
export type QuantizationConfig = "Disabled" | { readonly [K in Kind]?: z.output<Kinds[K]> };

const names = Object.keys(kinds) as Kind[];

function readQuantizationConfig(value: unknown): QuantizationConfig {
  if (value === "Disabled" || value === "none") return "Disabled";
  const expected = `${names.map((name) => `{"${name}": {…}}`).join(", ")} or "Disabled"`;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new MurmurationError("format", `expected ${expected}, got ${shown(value)}`);
  const [name, other] = names.filter((known) => Object.hasOwn(value, known));
  if (name === undefined) throw new MurmurationError("format", `expected ${expected}`);
  if (other !== undefined) throw new MurmurationError("format", `expected one of ${expected}, got several`);
  return {
    [name]: within(name, () => validate(kinds[name] as z.ZodType, (value as { [key: string]: unknown })[name])),
  };
}

function schemaOf(name: Kind): JsonSchema {
  return { type: "object", properties: { [name]: inputSchemaOf(kinds[name]) }, required: [name] };
}

/**
 * `"Disabled"` (or `"none"`) walks the graph on the float32 vectors themselves. Everything else walks on int8 codes, as scalar quantization has
 * them: which kind was asked for is kept to be shown again.
 */
export const quantizationConfig = parsedBy(readQuantizationConfig, () => ({
  oneOf: [...names.map(schemaOf), { type: "string", enum: ["Disabled", "none"] }],
}));
