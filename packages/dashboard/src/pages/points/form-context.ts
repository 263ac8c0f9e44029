/** What every part of the filter's form is given beside its own draft. */
export interface FormContext {
  /** Problems by the place in the whole draft. */
  readonly problems: ReadonlyMap<string, string>;
  /** Fields that are known, to be proposed. */
  readonly fields: readonly string[];
  /** Names of vectors, to be proposed. */
  readonly vectors: readonly string[];
}

/** The same list with another item, or without one. */
export function replaced<Item>(list: readonly Item[], at: number, item: Item | undefined): readonly Item[] {
  return item === undefined ? list.toSpliced(at, 1) : list.with(at, item);
}
