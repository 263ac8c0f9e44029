/** Bugs to plant as bits, in the order in which all are listed: bit 0 is the first. */
export function plantedBits<Bug extends string>(all: { readonly [Name in Bug]: string }, bugs: Iterable<Bug>): number {
  const names = Object.keys(all) as Bug[];
  let bits = 0;
  for (const bug of bugs) bits |= 1 << names.indexOf(bug);
  return bits;
}
