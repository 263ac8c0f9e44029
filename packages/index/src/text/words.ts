import { isAlphabetic, isNumeric } from "unicode-segmenter/general";
import { textWordsMax, wordCharactersMax } from "./text-limits.js";

// Where words begin and end. Decided by the tables of a library of a fixed version and by those here, not by the engine's (`\p{…}`,
// `Intl.Segmenter`), which differ between versions of Node: replicas with different ones find the same words.

/** A word, or a run of a script that is written without spaces. */
export interface Piece {
  readonly text: string;
  readonly isUnspaced: boolean;
}

function isWordCharacter(codePoint: number): boolean {
  if (codePoint < 0x80) {
    return (
      (codePoint >= 0x61 && codePoint <= 0x7a) ||
      (codePoint >= 0x41 && codePoint <= 0x5a) ||
      (codePoint >= 0x30 && codePoint <= 0x39)
    );
  }
  return isAlphabetic(codePoint) || isNumeric(codePoint);
}

/** First and last code points of Thai, Lao, Myanmar, Khmer, Han, Hiragana, Katakana and Bopomofo. */
const unspacedRanges: readonly (readonly [number, number])[] = [
  [0x0e00, 0x0eff],
  [0x1000, 0x109f],
  [0x1780, 0x17ff],
  [0x2e80, 0x2fdf],
  [0x3005, 0x3007],
  [0x3021, 0x3029],
  [0x3041, 0x312f],
  [0x31a0, 0x31bf],
  [0x31f0, 0x31ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xf900, 0xfaff],
  [0xff66, 0xff9f],
  [0x1b000, 0x1b16f],
  [0x20000, 0x323af],
];

function isUnspaced(codePoint: number): boolean {
  return codePoint >= 0x0e00 && unspacedRanges.some(([first, last]) => codePoint >= first && codePoint <= last);
}

/** Characters of Unicode's property White_Space. */
function isSpace(codePoint: number): boolean {
  return (
    codePoint === 0x20 ||
    (codePoint >= 0x09 && codePoint <= 0x0d) ||
    codePoint === 0x85 ||
    codePoint === 0xa0 ||
    codePoint === 0x1680 ||
    (codePoint >= 0x2000 && codePoint <= 0x200a) ||
    codePoint === 0x2028 ||
    codePoint === 0x2029 ||
    codePoint === 0x202f ||
    codePoint === 0x205f ||
    codePoint === 0x3000
  );
}

/** What a character belongs to: nothing, a word, or a run without spaces. */
type CharacterKind = 0 | 1 | 2;

/** Runs of characters of one kind, each as far as it is looked at. */
function pieces(text: string, kindOf: (codePoint: number) => CharacterKind): Piece[] {
  const found: Piece[] = [];
  let [kind, start, characters, end]: [CharacterKind, number, number, number] = [0, 0, 0, 0];
  let left = textWordsMax;
  const close = (): void => {
    if (kind === 0) return;
    found.push({ text: text.slice(start, end), isUnspaced: kind === 2 });
    left -= kind === 2 ? characters : 1;
  };
  for (let i = 0; i < text.length; ) {
    const codePoint = text.codePointAt(i) as number;
    const next = i + (codePoint > 0xffff ? 2 : 1);
    const here = kindOf(codePoint);
    if (here !== kind) {
      close();
      if (left === 0) return found;
      [kind, start, characters] = [here, i, 0];
    }
    if (characters < (kind === 2 ? left : wordCharactersMax)) {
      characters += 1;
      end = next;
    }
    i = next;
  }
  close();
  return found;
}

/** Runs of letters, marks that belong to letters, and numbers. */
export function wordPieces(text: string): Piece[] {
  return pieces(text, (codePoint) => (isWordCharacter(codePoint) ? 1 : 0));
}

/** What stands between white space. */
export function spacedPieces(text: string): Piece[] {
  return pieces(text, (codePoint) => (isSpace(codePoint) ? 0 : 1));
}

/** Words as in `wordPieces`, and apart from them runs of scripts that are written without spaces. */
export function multilingualPieces(text: string): Piece[] {
  return pieces(text, (codePoint) => (isWordCharacter(codePoint) ? (isUnspaced(codePoint) ? 2 : 1) : 0));
}
