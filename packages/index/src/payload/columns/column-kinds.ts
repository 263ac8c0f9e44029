import type { PayloadIndexKind } from "../schema.js";
import { boolColumn } from "./bool.js";
import type { ColumnKind } from "./column-kind.js";
import { datetimeColumn } from "./datetime.js";
import { floatColumn } from "./float.js";
import { integerColumn } from "./integer.js";
import { keywordColumn } from "./keyword.js";
import { uuidColumn } from "./uuid.js";

/** The kinds of column, by the kind of payload index that each is. */
export const columnKinds: Readonly<Record<PayloadIndexKind, ColumnKind>> = {
  keyword: keywordColumn,
  integer: integerColumn,
  float: floatColumn,
  bool: boolColumn,
  datetime: datetimeColumn,
  uuid: uuidColumn,
};
