const OPENS = /[\u2066-\u2068]/;
const CLOSE = "\u2069";

/**
 * What closes the isolates that a text opens (U+2066 to U+2068, closed by U+2069). An element that isolates ends by such a mark itself (CSS Writing Modes, 2.4.2),
 * which would close the last of them, and leave what stands behind the element in the direction of the text.
 */
export function closingOf(text: string): string {
  if (!OPENS.test(text)) return "";
  let open = 0;
  for (const sign of text) {
    if (OPENS.test(sign)) open++;
    else if (sign === CLOSE && open > 0) open--;
  }
  return CLOSE.repeat(open);
}
