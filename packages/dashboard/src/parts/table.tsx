import type { ComponentChildren } from "preact";

/** One column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Numbers stand at the right, so that their digits are below each other. */
  readonly isNumber?: boolean;
  /** Names what the row is of, for who hears the table. */
  readonly isRowHeader?: boolean;
}

export interface TableProps<Row> {
  /** What the table is of; heard, and seen where `isCaptionShown`. */
  readonly caption: string;
  readonly isCaptionShown?: boolean;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row, at: number) => string | number;
  /** What stands there where there are no rows. */
  readonly empty?: ComponentChildren;
}

/** A table that scrolls sideways where it is wider than the page. */
export function Table<Row>({ caption, isCaptionShown = false, columns, rows, keyOf, empty = "none" }: TableProps<Row>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
    <section class="table-box" aria-label={caption} tabIndex={0}>
      <table>
        <caption class={isCaptionShown ? "" : "heard"}>{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, isNumber }) => (
              <th key={title} scope="col" class={isNumber === true ? "number" : ""}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.length === 0 ? (
            <tr>
              <td class="table-empty" colSpan={columns.length}>
                {empty}
              </td>
            </tr>
          ) : null}
          {rows.map((row, at) => (
            <tr key={keyOf(row, at)}>
              {columns.map(({ title, cell, isNumber, isRowHeader }) =>
                isRowHeader === true ? (
                  <th key={title} scope="row">
                    {cell(row)}
                  </th>
                ) : (
                  <td key={title} class={isNumber === true ? "number" : ""}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
