// Where a text stops being JSON: what browsers say of that differs, and often leaves out the place.

const BLANK = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a string of JSON cannot hold
const STRING_END = /["\\\u0000-\u001f]/g;

function after(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/** Behind a string that begins at `at`, or where it is at fault. */
function afterString(text: string, at: number): { readonly end: number } | { readonly fault: number } {
  for (let from = at + 1; ; ) {
    STRING_END.lastIndex = from;
    const found = STRING_END.exec(text);
    if (found === null) return { fault: text.length };
    if (found[0] === '"') return { end: found.index + 1 };
    const end = found[0] === "\\" ? after(ESCAPE, text, found.index) : undefined;
    if (end === undefined) return { fault: found.index };
    from = end;
  }
}

/** Where a text stops being JSON; `undefined`: it is JSON to its end. */
export function jsonFault(text: string): number | undefined {
  /** What closes each bracket that is open. */
  const open: ("}" | "]")[] = [];
  let next: "value" | "first" | "key" | "colon" | "comma" = "value";
  let at = 0;
  for (;;) {
    at = after(BLANK, text, at) ?? at;
    const sign = text[at];
    const top = open.at(-1);
    if (sign === undefined) return next === "comma" && open.length === 0 ? undefined : at;
    if (next === "comma" && open.length === 0) return at;
    if (next === "comma" && sign === ",") {
      next = top === "}" ? "key" : "value";
      at++;
    } else if (sign === top && (next === "comma" || next === "first")) {
      open.pop();
      next = "comma";
      at++;
    } else if (next === "colon") {
      if (sign !== ":") return at;
      next = "value";
      at++;
    } else if (sign === '"' && next !== "comma") {
      const string = afterString(text, at);
      if ("fault" in string) return string.fault;
      at = string.end;
      next = next === "key" || (next === "first" && top === "}") ? "colon" : "comma";
    } else if (next === "comma" || next === "key" || (next === "first" && top === "}")) return at;
    else if (sign === "{" || sign === "[") {
      open.push(sign === "{" ? "}" : "]");
      next = "first";
      at++;
    } else {
      const end = after(WORD, text, at) ?? after(NUMBER, text, at);
      if (end === undefined) return at;
      at = end;
      next = "comma";
    }
  }
}
