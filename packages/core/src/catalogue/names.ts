import { MurmurationError, requireWellFormed } from "@murmuration/index";
import { limits } from "../limits.js";

const FORBIDDEN = ["/", "\\", "<", ">", ":", '"', "|", "?", "*", "\0", "\u001f"];

/** Throws `validation` unless this can name a collection or an alias, `format` for text that is not well-formed. */
export function checkName(name: string, field: string): void {
  requireWellFormed(name, field);
  const characters = [...name].length;
  if (characters < 1 || characters > limits.collectionNameCharactersMax) {
    throw new MurmurationError(
      "validation",
      `value ${JSON.stringify(name)} invalid, must be from 1 to ${limits.collectionNameCharactersMax} characters`,
      field,
    );
  }
  const forbidden = FORBIDDEN.find((character) => name.includes(character));
  if (forbidden !== undefined) {
    throw new MurmurationError("validation", `collection name cannot contain ${JSON.stringify(forbidden)} char`, field);
  }
}
