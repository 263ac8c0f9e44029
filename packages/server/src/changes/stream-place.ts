import { decodeToken, emptyVersionVector, type SessionToken, type VersionVector } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { sessionTokenCharactersMax } from "../http/http-limits.js";
import { tokenSeparator } from "./change-token.js";
import type { From } from "./messages.js";

/** The header in which a client says what it has seen, as the standard of server-sent events has it. */
export const lastEventIdHeader = "last-event-id";

function tokenOf(text: string, where: string): SessionToken {
  if (text.length > sessionTokenCharactersMax)
    throw new MurmurationError("bad-request", `${where}: over ${sessionTokenCharactersMax} characters`, where);
  try {
    return decodeToken(text, where);
  } catch (error) {
    if (!(error instanceof MurmurationError)) throw error;
    throw new MurmurationError("bad-request", error.message, where);
  }
}

/** What a token has seen of the collection of this id; `undefined`: it says nothing of it. */
function frontierOf(text: string, where: string, id: string): VersionVector | undefined {
  const end = text.indexOf(tokenSeparator);
  const token = tokenOf(text.slice(end + 1), where);
  if (end < 0 || token.size > 0) return token.get(id);
  return text.slice(0, end) === id ? emptyVersionVector : undefined;
}

/**
 * Where a stream of the collection of this shard begins. The id of the last event goes before `from`: who comes back brings both. Throws `bad-request` for what is no token, and for
 * one that says nothing of this collection.
 */
export function placeOf(
  from: string | undefined,
  lastEventId: string | readonly string[] | undefined,
  collection: { readonly id: string; readonly name: string },
): From {
  const hasLast = lastEventId !== undefined && lastEventId !== "";
  const where = hasLast ? "Last-Event-ID" : "from";
  const given = hasLast ? lastEventId : from;
  if (given === undefined || given === "now") return { kind: "now" };
  if (typeof given !== "string") throw new MurmurationError("bad-request", `${where}: given more than once`, where);
  if (!hasLast && (given === "start" || given === "snapshot")) return { kind: given };
  const frontier = frontierOf(given, where, collection.id);
  if (frontier !== undefined) return { kind: "after", frontier };
  throw new MurmurationError(
    "bad-request",
    `${where}: the token says nothing of collection ${collection.name}: it is of another collection, of one of this name that was deleted, or of another cluster`,
    where,
  );
}
