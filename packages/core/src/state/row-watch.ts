/** Is told of every row whose point, or place of a vector, is about to change. */
export interface RowWatch {
  /** A live point's row, as it stands until now. */
  rowChanges(row: number): void;
  /** A row that held no point until now. */
  rowIsTaken(row: number): void;
}
