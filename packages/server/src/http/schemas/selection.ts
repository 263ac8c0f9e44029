import { MurmurationError, type PayloadSelector, type VectorSelector } from "@murmuration/index";
import { parsedBy, shown, withDefault } from "./fields.js";

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((element) => typeof element === "string");
}

export function readPayloadSelector(value: unknown): PayloadSelector {
  if (typeof value === "boolean") return value;
  if (isTexts(value)) return { include: value };
  if (typeof value === "object" && value !== null) {
    const [key, ...others] = Object.keys(value);
    if (others.length === 0 && key === "include" && "include" in value && isTexts(value.include)) {
      return { include: value.include };
    }
    if (others.length === 0 && key === "exclude" && "exclude" in value && isTexts(value.exclude)) {
      return { exclude: value.exclude };
    }
  }
  throw new MurmurationError(
    "format",
    `expected a boolean, an array of paths, {"include": […]} or {"exclude": […]}, got ${shown(value)}`,
  );
}

function readVectorSelector(value: unknown): VectorSelector {
  if (typeof value === "boolean" || isTexts(value)) return value;
  throw new MurmurationError("format", `expected a boolean or an array of vector names, got ${shown(value)}`);
}

const texts = { type: "array", items: { type: "string" } };

const payloadSelector = parsedBy(readPayloadSelector, {
  oneOf: [
    { type: "boolean" },
    texts,
    { type: "object", properties: { include: texts }, required: ["include"] },
    { type: "object", properties: { exclude: texts }, required: ["exclude"] },
  ],
});

const vectorSelector = parsedBy(readVectorSelector, { oneOf: [{ type: "boolean" }, texts] });

/** Fields that choose what a read returns. Vectors are left out unless asked for. */
export function selectionFields(payloadByDefault: boolean) {
  return {
    with_payload: withDefault(payloadSelector, payloadByDefault),
    with_vector: withDefault(vectorSelector, false),
  };
}
