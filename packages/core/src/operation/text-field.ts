import { requireWellFormed } from "@murmuration/index";

/** A text as it travels: as it is. Throws `format` for one that is not well-formed. */
export function textToField(text: string, field: string): string {
  return requireWellFormed(text, field);
}

/** The same for a list of texts. */
export function textsToField(texts: readonly string[], field: string): readonly string[] {
  for (const [i, text] of texts.entries()) requireWellFormed(text, `${field}[${i}]`);
  return texts;
}
