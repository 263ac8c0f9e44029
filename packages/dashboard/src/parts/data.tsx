import { useState } from "preact/hooks";
import { closingOf } from "./isolates.js";

/** Longer texts are cut. */
const SHOWN_CHARACTERS = 200;
/** More of one text is never put into the page: it can be copied. */
const SHOWN_CHARACTERS_MAX = 200_000;

/** White space, control characters, marks of direction and others that leave no ink, and nothing else. */
const BLANK = /^[\p{White_Space}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]+$/u;
/** Characters of a text without ink that are named. */
const NAMED = 8;

/** What a text without ink is made of: `U+00A0 U+2003`. */
function namesOf(text: string): string {
  const signs = [...text.slice(0, 2 * NAMED + 2)].slice(0, NAMED);
  const names = signs.map((sign) => `U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`);
  return `${names.join(" ")}${signs.join("").length < text.length ? " …" : ""}`;
}

/** Without the half of a character that is written with two units. */
function cut(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length);
}

export interface DataProps {
  /** Whatever data holds: it is shown as text. */
  readonly text: string;
  /** Characters that are shown before somebody asks for all. */
  readonly max?: number;
  /** Without the button, where there is no room for one. */
  readonly isBrief?: boolean;
}

/**
 * A text from data, of which nothing is believed: it is put in as text, its direction is its own and turns nothing around it, where it is long it is
 * cut, with a button that shows all, and where nothing of it would be seen its characters are named.
 */
export function Data({ text, max = SHOWN_CHARACTERS, isBrief = false }: DataProps) {
  const [isWhole, showAll] = useState(false);
  if (text === "") return <span class="data-empty">empty</span>;
  // a name that nobody sees could not be pressed either
  if (BLANK.test(text)) return <span class="data-empty">{namesOf(text)}</span>;
  if (text.length <= max) {
    return (
      <bdi class="data" dir="auto">
        {text}
        {closingOf(text)}
      </bdi>
    );
  }
  const shown = cut(text, isWhole ? SHOWN_CHARACTERS_MAX : max);
  const isAll = shown.length === text.length;
  return (
    <span>
      <bdi class="data" dir="auto" title={isBrief ? cut(text, 2_000) : undefined}>
        {shown}
        {closingOf(shown)}
      </bdi>
      {isAll ? "" : "…"}
      {isBrief ? null : (
        <button type="button" class="link" onClick={() => showAll(!isWhole)}>
          {isWhole ? "show less" : `show all ${text.length.toLocaleString("en")} characters`}
        </button>
      )}
    </span>
  );
}
