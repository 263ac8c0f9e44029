import { isAlphabetic, isNumeric } from "unicode-segmenter/general";
import type { Tokenizer } from "./parameters.js";
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

type KindOf = (codePoint: number) => CharacterKind;

/** Runs of letters, marks that belong to letters, and numbers. */
const kindInWords: KindOf = (codePoint) => (isWordCharacter(codePoint) ? 1 : 0);
/** What stands between white space. */
const kindInSpaces: KindOf = (codePoint) => (isSpace(codePoint) ? 0 : 1);
/** Words, and apart from them runs of scripts that are written without spaces. */
const kindInScripts: KindOf = (codePoint) => (isWordCharacter(codePoint) ? (isUnspaced(codePoint) ? 2 : 1) : 0);

const kindsOf = {
  word: kindInWords,
  prefix: kindInWords,
  whitespace: kindInSpaces,
  multilingual: kindInScripts,
} as const satisfies { readonly [tokenizer in Tokenizer]: KindOf };

/** Takes a text apart from its beginning, as much at a time as is asked for. */
export class PieceReader {
  readonly #text: string;
  readonly #kindOf: KindOf;
  /** Where it goes on. */
  #at = 0;
  /** The run that is open: its kind, where it begins, its characters, and where what is looked at of it ends. */
  #kind: CharacterKind = 0;
  #start = 0;
  #characters = 0;
  #end = 0;
  /** Words, or characters of runs without spaces, that may still come. */
  #left = textWordsMax;

  constructor(text: string, tokenizer: Tokenizer) {
    this.#text = text;
    this.#kindOf = kindsOf[tokenizer];
  }

  /** Is all of it read that is looked at? */
  get isAtEnd(): boolean {
    return this.#left === 0 || (this.#at >= this.#text.length && this.#kind === 0);
  }

  /** The pieces that end within the next so many units of UTF-16. */
  next(units: number): Piece[] {
    const found: Piece[] = [];
    const text = this.#text;
    const kindOf = this.#kindOf;
    const until = Math.min(text.length, this.#at + units);
    while (this.#at < until && this.#left > 0) {
      const codePoint = text.codePointAt(this.#at) as number;
      const next = this.#at + (codePoint > 0xffff ? 2 : 1);
      const here = kindOf(codePoint);
      if (here !== this.#kind) {
        this.#close(found);
        if (this.#left === 0) return found;
        this.#kind = here;
        this.#start = this.#at;
        this.#characters = 0;
      }
      if (this.#characters < (this.#kind === 2 ? this.#left : wordCharactersMax)) {
        this.#characters += 1;
        this.#end = next;
      }
      this.#at = next;
    }
    if (this.#at >= text.length) this.#close(found);
    return found;
  }

  #close(found: Piece[]): void {
    if (this.#kind === 0) return;
    found.push({ text: this.#text.slice(this.#start, this.#end), isUnspaced: this.#kind === 2 });
    this.#left -= this.#kind === 2 ? this.#characters : 1;
    this.#kind = 0;
  }
}
