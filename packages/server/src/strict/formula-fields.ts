import type { Expression } from "@murmuration/index";
import type { AskedField } from "./filter-fields.js";

/** Every path of the payload that an expression reads. What its conditions ask about, their filters say. */
function* fieldsOfExpression(expression: Expression): Generator<AskedField> {
  switch (expression.kind) {
    case "payload":
      yield { key: expression.path, kinds: ["integer", "float"] };
      return;
    case "geo-distance":
      yield { key: expression.path, kinds: ["geo"] };
      return;
    case "datetime-key":
      yield { key: expression.path, kinds: ["datetime"] };
      return;
    case "constant":
    case "score":
    case "filter":
      return;
    case "sum":
    case "mult":
      for (const term of expression.terms) yield* fieldsOfExpression(term);
      return;
    case "div":
      yield* fieldsOfExpression(expression.left);
      yield* fieldsOfExpression(expression.right);
      return;
    case "pow":
      yield* fieldsOfExpression(expression.base);
      yield* fieldsOfExpression(expression.exponent);
      return;
    case "lin_decay":
    case "exp_decay":
    case "gauss_decay":
      yield* fieldsOfExpression(expression.x);
      yield* fieldsOfExpression(expression.target);
      return;
    default:
      yield* fieldsOfExpression(expression.of);
  }
}

/** Every path that formulas read, wherever they stand in a read. */
export function* formulaFieldsIn(value: unknown): Generator<AskedField> {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  if (Array.isArray(value)) {
    // vectors, ids and the like are of one kind
    if (typeof value[0] === "object") for (const element of value) yield* formulaFieldsIn(element);
    return;
  }
  const { kind, formula } = value as {
    readonly kind?: unknown;
    readonly formula?: { readonly expression: Expression };
  };
  if (kind === "formula" && formula !== undefined) yield* fieldsOfExpression(formula.expression);
  else for (const [key, child] of Object.entries(value)) if (key !== "filter") yield* formulaFieldsIn(child);
}
