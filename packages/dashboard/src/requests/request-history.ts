/** A request that was sent in this tab. */
export interface PastRequest {
  readonly route: string;
  readonly inPath: Readonly<Record<string, string>>;
  readonly inQuery: Readonly<Record<string, string>>;
  readonly body: string;
  readonly status: number;
  readonly tookMs: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const ENTRIES_MAX = 30;
/** Characters of bodies that are kept in all: a tab's storage takes five million. */
const CHARACTERS_MAX = 1_000_000;

/** The history with another request in front. The same one sent again takes the place of the one before; what is too much is forgotten from the end. */
export function withRequest(history: readonly PastRequest[], request: PastRequest): readonly PastRequest[] {
  const same = (other: PastRequest) =>
    other.route === request.route &&
    other.body === request.body &&
    JSON.stringify([other.inPath, other.inQuery]) === JSON.stringify([request.inPath, request.inQuery]);
  const kept: PastRequest[] = [];
  let characters = 0;
  for (const one of [request, ...history.filter((other) => !same(other))].slice(0, ENTRIES_MAX)) {
    characters += one.body.length;
    if (characters > CHARACTERS_MAX) break;
    kept.push(one);
  }
  return kept;
}

function isPast(value: unknown): value is PastRequest {
  if (typeof value !== "object" || value === null) return false;
  const { route, inPath, inQuery, body, status, tookMs, at } = value as Record<string, unknown>;
  const isTexts = (texts: unknown) =>
    typeof texts === "object" && texts !== null && Object.values(texts).every((text) => typeof text === "string");
  return (
    [route, body].every((text) => typeof text === "string") &&
    [status, tookMs, at].every((number) => typeof number === "number") &&
    isTexts(inPath) &&
    isTexts(inQuery)
  );
}

/** Reads what was stored; what is no history is an empty one. */
export function readHistory(text: string | null): readonly PastRequest[] {
  try {
    const stored: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(stored) ? stored.filter(isPast) : [];
  } catch {
    return [];
  }
}
