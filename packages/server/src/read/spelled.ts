/** The same with names as the dialect spells them: `min_should` for `minShould`. */
export function spelled(shape: unknown): unknown {
  if (Array.isArray(shape)) return shape.map(spelled);
  if (typeof shape !== "object" || shape === null) return shape;
  return Object.fromEntries(
    Object.entries(shape).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      spelled(value),
    ]),
  );
}
