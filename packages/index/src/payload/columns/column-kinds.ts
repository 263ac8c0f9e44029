import type { PayloadIndexKind, PayloadIndexSchema } from "../schema.js";
import { boolColumn } from "./bool.js";
import type { ColumnKind } from "./column-kind.js";
import { datetimeColumn } from "./datetime.js";
import { floatColumn } from "./float.js";
import { geoColumn } from "./geo.js";
import { integerColumn } from "./integer.js";
import { keywordColumn } from "./keyword.js";
import { textColumn } from "./text.js";
import { uuidColumn } from "./uuid.js";

/** The kinds of column, by the kind of payload index that each is. */
const columnKinds: Readonly<Record<Exclude<PayloadIndexKind, "text">, ColumnKind>> = {
  keyword: keywordColumn,
  integer: integerColumn,
  float: floatColumn,
  bool: boolColumn,
  datetime: datetimeColumn,
  uuid: uuidColumn,
  geo: geoColumn,
};

/** The kind of column that an index of this schema is. */
export function columnKindOf(schema: PayloadIndexSchema): ColumnKind {
  return schema.kind === "text" ? textColumn(schema) : columnKinds[schema.kind];
}
