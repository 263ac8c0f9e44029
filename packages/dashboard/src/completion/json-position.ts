import type { Json } from "../json-value.js";

/** A step from a value into what it holds: the key of a member, or an element. */
export type Step = { readonly key: string; readonly siblings: ReadonlyMap<string, Json | undefined> } | "element";

/** Where a cursor stands in a text of JSON that need not be whole. */
export interface JsonPosition {
  /** From the outermost value to the one that the cursor is in. */
  readonly steps: readonly Step[];
  /** Is a key being written there, or a value? `nothing`: neither fits (inside of a number's digits, behind a value). */
  readonly place: "key" | "value" | "nothing";
  /** Of the object whose key is being written: the members that it has already, with those values that are texts, numbers or truth values. */
  readonly siblings: ReadonlyMap<string, Json | undefined>;
  /** Where what is being written begins, with its quotation mark. */
  readonly from: number;
  /** Where it ends: behind the cursor, where a string or word goes on there. */
  readonly to: number;
  /** What has been written of it up to the cursor, without a quotation mark. */
  readonly written: string;
  readonly isQuoted: boolean;
}

interface Container {
  readonly isObject: boolean;
  /** Members seen so far. */
  readonly members: Map<string, Json | undefined>;
  key: string | undefined;
  /** What may come next. */
  next: "key" | "colon" | "value" | "comma";
}

interface Token {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** A string to its closing mark or to the end of its line, a word or number, or one sign. */
const TOKEN = /"(?:[^"\\\n]|\\.)*(?:"|$|(?=\n))|[-+.\w]+|[{}[\]:,]/gm;

function* tokensOf(text: string): Generator<Token> {
  for (const match of text.matchAll(TOKEN)) {
    yield { text: match[0], from: match.index, to: match.index + match[0].length };
  }
}

function readValue(token: string): Json | undefined {
  try {
    return JSON.parse(token) as Json;
  } catch {
    return undefined;
  }
}

function keyOf(token: string): string {
  const value = readValue(token);
  return typeof value === "string" ? value : token.replace(/^"|"$/g, "");
}

const isClosed = (text: string) => text.length > 1 && /(?:^|[^\\])(?:\\\\)*"$/.test(text) && text.startsWith('"');

/** Takes a whole token: opens, closes, or goes on to what comes next. */
function take(stack: Container[], token: Token): void {
  const top = stack.at(-1);
  switch (token.text) {
    case "{":
    case "[": {
      const isObject = token.text === "{";
      stack.push({ isObject, members: new Map(), key: undefined, next: isObject ? "key" : "value" });
      return;
    }
    case "}":
    case "]": {
      if (stack.length > 1) stack.pop();
      const outer = stack.at(-1);
      if (outer !== undefined) outer.next = "comma";
      return;
    }
    case ":":
      if (top !== undefined) top.next = "value";
      return;
    case ",":
      if (top === undefined) return;
      top.next = top.isObject ? "key" : "value";
      top.key = undefined;
      return;
    default:
      if (top === undefined) return;
      if (top.isObject && top.next === "key") {
        top.key = keyOf(token.text);
        top.members.set(top.key, undefined);
        top.next = "colon";
      } else {
        if (top.key !== undefined) top.members.set(top.key, readValue(token.text));
        top.next = "comma";
      }
  }
}

/** Members of the innermost object that stand behind the cursor: they are there, too. */
function takeRest(tokens: Iterator<Token>, container: Container): void {
  const stack: Container[] = [container];
  for (let step = tokens.next(); step.done !== true; step = tokens.next()) {
    const { text } = step.value;
    if ((text === "}" || text === "]") && stack.length === 1) return;
    take(stack, step.value);
  }
}

function stepsOf(stack: readonly Container[]): Step[] {
  // the outermost holds the document's value and is no step
  return stack.slice(1).flatMap((container, i): Step[] => {
    const isInnermost = i === stack.length - 2;
    if (!container.isObject) return ["element"];
    if (isInnermost && (container.key === undefined || container.next === "key")) return [];
    return [{ key: container.key ?? "", siblings: container.members }];
  });
}

/** Where `cursor` stands in `text`, which may be broken or unfinished anywhere. */
export function jsonPosition(text: string, cursor: number): JsonPosition {
  const stack: Container[] = [{ isObject: false, members: new Map(), key: undefined, next: "value" }];
  const tokens = tokensOf(text);
  let under: Token | undefined;
  let behind: Token | undefined;
  for (let step = tokens.next(); step.done !== true; step = tokens.next()) {
    const token = step.value;
    const isSign = /^[{}[\]:,]$/.test(token.text);
    if (token.from >= cursor) {
      behind = token;
      break;
    }
    // the cursor is in it, or at its end where it can go on
    const goesOn = !isSign && (token.to > cursor || (token.to === cursor && !isClosed(token.text)));
    if (goesOn) {
      under = token;
      break;
    }
    take(stack, token);
  }
  const top = stack.at(-1) as Container;
  const isKey = top.isObject && top.next === "key";
  const isValue = top.next === "value";
  const written = under === undefined ? "" : text.slice(under.from, cursor);
  const position = {
    steps: stepsOf(stack),
    place: isKey ? "key" : isValue ? "value" : "nothing",
    from: under?.from ?? cursor,
    to: under?.to ?? cursor,
    written: written.replace(/^"/, ""),
    isQuoted: written.startsWith('"'),
  } as const;
  const { key, next } = top;
  if (under !== undefined) take(stack, { ...under, text: isKey ? '"\u0000"' : "null" });
  if (behind !== undefined) take(stack, behind);
  if (stack.at(-1) === top) takeRest(tokens, top);
  top.members.delete("\u0000");
  if (key !== undefined && next === "value") top.members.delete(key);
  return { ...position, siblings: top.members };
}
