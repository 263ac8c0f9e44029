/** A text from data as one part of a URL's path, escaped. Throws a `RangeError` for a text that no URL can carry there: "..", "." and "" would name another path. */
export function pathPart(text: string): string {
  if (text === "." || text === ".." || text === "") throw new RangeError(`"${text}" cannot stand in a path`);
  return encodeURIComponent(text.toWellFormed());
}
