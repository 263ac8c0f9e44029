/** Do all of `words`, of which there are some, stand side by side in `sequence`? */
export function standsIn<Word>(sequence: ArrayLike<Word>, words: ArrayLike<Word>): boolean {
  for (let from = 0; from + words.length <= sequence.length; from++) {
    let i = 0;
    while (i < words.length && sequence[from + i] === words[i]) i++;
    if (i === words.length) return true;
  }
  return false;
}
