/**
 * Formats of an operation's row, the number that it begins with. All of them are read: rows stay in logs as they were written, and travel as
 * they stand there. In 2, each vector says of what kind it is (`vector-kind.ts`); in 1 all are dense. In 3 there are sparse ones. Which one is
 * written is agreed between members (`replica/exchange/format-exchange.ts`).
 */
export const operationFormats = [1, 2, 3, 4] as const;
export type OperationFormat = (typeof operationFormats)[number];

/** What every version reads. */
export const oldestOperationFormat: OperationFormat = 1;
/** What this version reads at the most. */
export const newestOperationFormat: OperationFormat = 4;
/** From which on vectors may have other graphs than their first ones. Its rows are as those of 3, and name such a graph. */
export const laterGraphsFormat: OperationFormat = 4;

/** Is it a format that this version reads? */
export function isOperationFormat(number: unknown): number is OperationFormat {
  return (operationFormats as readonly unknown[]).includes(number);
}
