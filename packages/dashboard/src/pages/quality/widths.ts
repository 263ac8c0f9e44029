const WIDTHS_MAX = 16;
const EF_MAX = 65_536;

/** Widths as a person gives them, ascending and each once; or, in words, why they are none. */
export function widthsOfText(text: string): number[] | string {
  const parts = text.split(/[\s,]+/).filter((part) => part !== "");
  if (parts.length === 0) return "give at least one width";
  const widths = [...new Set(parts.map(Number))];
  const wrong = parts.find((part) => !/^\d{1,6}$/.test(part) || Number(part) < 1 || Number(part) > EF_MAX);
  if (wrong !== undefined) return `${wrong.slice(0, 20)} is no width from 1 to ${EF_MAX.toLocaleString("en")}`;
  if (widths.length > WIDTHS_MAX) return `at most ${WIDTHS_MAX} widths`;
  return widths.sort((a, b) => a - b);
}

/** A share of what was found, never more than it is: `100 %` is all of it. */
export function shareText(share: number): string {
  return `${Math.floor(share * 10_000 + 1e-9) / 100} %`;
}
