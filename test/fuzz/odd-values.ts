import fc from "fast-check";

/** Text that systems of this kind have stumbled over, all of it well-formed Unicode. */
export const awkwardTexts: readonly string[] = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ufeff",
  "\ufeffa",
  "a\ufeff",
  "\ufffd",
  "\ufffe",
  "\uffff",
  "\ufdd0",
  "\u{1fffe}",
  "\u{10ffff}",
  "😀",
  "e\u0301",
  "é",
  "\u202eabc",
  "\u200e",
  "\u200b",
  "\u2028",
  "ﬁ",
  "İ",
  "ß",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "length",
  ".",
  "..",
  ".x",
  "x.",
  "a..b",
  "[",
  "[[",
  "[]",
  "a[]",
  "a[0]",
  "a[",
  "]",
  '"',
  '"a.b"',
  '"a',
  "'",
  "\\",
  "/",
  "%",
  "%00",
  "%2f",
  "%ff",
  "../../x",
  "-",
  "-1",
  "0",
  "01",
  "1e3",
  "null",
  "true",
  "NaN",
  "*",
  "?",
  "#",
  "&a=b",
  ":",
  "system",
  "\n",
  "\r\n",
  "\t",
  "\u007f",
  "\u0085",
];

/** Text with a half of a pair that lacks the other. */
export const illFormedTexts: readonly string[] = [
  "\ud800",
  "a\ud800",
  "\udc00a",
  "\udfff\ud800",
  "😀\ud83d",
  "\ud800\ufeff",
];

/** The text with the replacement character for every half of a pair that lacks the other. */
export function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** Well-formed text over all of Unicode, and what is known to be awkward. */
export const wellFormedTexts: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...awkwardTexts) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 12 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...awkwardTexts), fc.constantFrom(...awkwardTexts))
      .map(([a, b]) => wellFormed(`${a}${b}`)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom("x", "ü", "😀", ".", "["), fc.constantFrom(64, 255, 256, 1_000))
      .map(([unit, count]) => unit.repeat(count)),
  },
);

/** Any text at all. */
export const texts: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: wellFormedTexts },
  { weight: 1, arbitrary: fc.constantFrom(...illFormedTexts) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.integer({ min: 0xd700, max: 0xe000 }), { maxLength: 4 })
      .map((codes) => String.fromCharCode(...codes)),
  },
);

/** Numbers at the bounds of what something may hold. */
export const oddNumbers: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(-1, 0, -0, 1, 0.5, 1e-320, 3.5e38, 1e308, 255, 65_535, 65_536, 65_537, 2 ** 24, 2 ** 31, 2 ** 32),
  fc.constantFrom(2 ** 40, 2 ** 48, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 2 ** 63, 2 ** 64, 1e21),
  fc.integer({ min: -3, max: 20 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** A list in a list, so many times. */
export function nested(depth: number, innermost: unknown = 1): unknown {
  let value = innermost;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

/** An object that has a key which every object knows, as its own. */
export function withOwnKey(key: string, value: unknown): object {
  return Object.defineProperty({}, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Something that is printed as what is said of it. */
export function told<T extends object>(value: T, say: () => string): T {
  return Object.assign(value, { [fc.toStringMethod]: say });
}
