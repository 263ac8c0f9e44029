import { canonicalText } from "./canonical-payload.js";

export function textsToField(texts: readonly string[]): readonly string[] {
  return texts.map(canonicalText);
}
