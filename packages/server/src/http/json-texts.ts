import { printJson } from "@murmuration/index";
import { pieceWeight, weightOf } from "../bodies/pieces.js";

/** Characters of a string that are escaped in one go. */
const STRING_CHARACTERS = 256 * 1024;

/** What `printJson` makes of a value of plain objects and arrays, in parts that cost about as much each. */
export function* jsonTexts(value: unknown): Generator<string, void, void> {
  if (weightOf(value, pieceWeight) <= pieceWeight) yield printJson(value);
  else if (typeof value === "string") yield* textsOfString(value);
  else if (Array.isArray(value)) yield* textsOfArray(value);
  else yield* textsOfObject(value as object);
}

function* textsOfString(value: string): Generator<string, void, void> {
  yield '"';
  for (let start = 0; start < value.length; ) {
    let end = Math.min(start + STRING_CHARACTERS, value.length);
    // the two halves of a character stay together
    if (end < value.length && (value.charCodeAt(end - 1) & 0xfc00) === 0xd800) end++;
    yield JSON.stringify(value.slice(start, end)).slice(1, -1);
    start = end;
  }
  yield '"';
}

function* textsOfArray(value: readonly unknown[]): Generator<string, void, void> {
  let separator = "[";
  let run: unknown[] = [];
  let weight = 0;
  const ended = (): string => {
    const text = separator + printJson(run).slice(1, -1);
    separator = ",";
    run = [];
    weight = 0;
    return text;
  };
  for (const element of value) {
    const own = weightOf(element, pieceWeight);
    if (run.length > 0 && weight + own > pieceWeight) yield ended();
    if (own > pieceWeight) {
      yield separator;
      yield* jsonTexts(element);
      separator = ",";
    } else {
      run.push(element);
      weight += own;
    }
  }
  if (run.length > 0) yield ended();
  yield "]";
}

function* textsOfObject(value: object): Generator<string, void, void> {
  let text = "{";
  let weight = 0;
  let isFirst = true;
  for (const [key, child] of Object.entries(value)) {
    if (child === undefined) continue;
    text += `${isFirst ? "" : ","}${JSON.stringify(key)}:`;
    isFirst = false;
    const own = weightOf(child, pieceWeight);
    if (own > pieceWeight) {
      yield text;
      yield* jsonTexts(child);
      text = "";
      weight = 0;
      continue;
    }
    text += printJson(child);
    weight += own + 1;
    if (weight < pieceWeight) continue;
    yield text;
    text = "";
    weight = 0;
  }
  yield `${text}}`;
}
