const SEPARATOR = "\u0000";
/** What stands behind it: a generation, and a hash of what makes it another graph. */
const BEHIND = /^([1-9]\d{0,6})g[0-9a-f]{16}$/;

/** What a graph is called that came later than its vector's first one (`catalogue/vector-graphs.ts`): no vector of this name can be made. */
export function laterGraphKey(vector: string, generation: number, hash: string): string {
  return `${vector}${SEPARATOR}${generation}g${hash}`;
}

/** 0: it is the key of a first graph, or of a vector, which are called alike. */
export function generationOfGraph(key: string): number {
  const end = key.lastIndexOf(SEPARATOR);
  return end < 0 ? 0 : Number(BEHIND.exec(key.slice(end + 1))?.[1] ?? 0);
}

/** Is it the key of a graph that came later, and none of a vector? */
export function isGraphKey(key: string): boolean {
  return generationOfGraph(key) > 0;
}

/** The key of the vector whose graph this is; a first graph is called as its vector. It follows from the key alone. */
export function vectorOfGraph(key: string): string {
  return isGraphKey(key) ? key.slice(0, key.lastIndexOf(SEPARATOR)) : key;
}
