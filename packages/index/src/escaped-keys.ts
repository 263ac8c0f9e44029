// V8 of Node 24 misreads keys that are written with escapes: it compares the escaped text with the key that an earlier object of the same shape had
// there, so that after {"\\":1} the text {"\u0000":1} gives the key \ (v24.21.0). Keys without escapes are read right.

/** Deeper values are refused by everybody who parses text of others. */
const DEPTH_MAX = 1_024;

/** The text with names in place of escaped keys, and what they stand for. */
export interface NamedKeys {
  readonly text: string;
  /** What every name begins with: the text holds it nowhere else. A number follows. */
  readonly mark: string;
  readonly keys: readonly string[];
}

const isSpace = (code: number) => code === 32 || code === 10 || code === 13 || code === 9;

/** Where a string that is opened before `from` ends; −1: nowhere. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let first = at;
    while (first > from && text.charCodeAt(first - 1) === 92) first--;
    if ((at - first) % 2 === 0) return at;
  }
  return -1;
}

/** `undefined` where no key is escaped, or the text is no JSON. Takes time in the length of the text. */
export function nameEscapedKeys(text: string): NamedKeys | undefined {
  let slash = text.indexOf("\\");
  if (slash < 0) return undefined;
  let mark = "\ue000";
  const keys: string[] = [];
  const parts: string[] = [];
  let taken = 0;
  for (let open = text.indexOf('"'); open >= 0; ) {
    const close = closingQuote(text, open + 1);
    if (close < 0) return undefined;
    while (slash >= 0 && slash < open) slash = text.indexOf("\\", open);
    if (slash < 0) break;
    let next = close + 1;
    while (isSpace(text.charCodeAt(next))) next++;
    if (slash < close && text.charCodeAt(next) === 58) {
      if (keys.length === 0) while (text.includes(mark)) mark += "\ue000";
      try {
        keys.push(JSON.parse(text.slice(open, close + 1)) as string);
      } catch {
        return undefined;
      }
      parts.push(text.slice(taken, open + 1), mark, String(keys.length - 1));
      taken = close;
    }
    open = text.indexOf('"', close + 1);
  }
  return keys.length === 0 ? undefined : { text: parts.join("") + text.slice(taken), mark, keys };
}

/** The value of a text with names, with the keys that they stand for: in their places, of equal ones the last wins. */
export function withEscapedKeys(value: unknown, named: NamedKeys, depth = 0): unknown {
  if (typeof value !== "object" || value === null || depth === DEPTH_MAX) return value;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = withEscapedKeys(value[i], named, depth + 1);
    return value;
  }
  const { mark, keys } = named;
  const entries = Object.entries(value).map(([name, inner]) => {
    const key = name.startsWith(mark) ? (keys[Number(name.slice(mark.length))] as string) : name;
    return [key, withEscapedKeys(inner, named, depth + 1)] as const;
  });
  return Object.fromEntries(entries);
}
