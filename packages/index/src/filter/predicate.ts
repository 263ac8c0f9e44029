import type { Json } from "../payload/json.js";
import type { FilterSubject } from "./point-source.js";

/** Says whether a point satisfies a condition. */
export type Predicate = (subject: FilterSubject) => boolean;

/** Says whether one payload value satisfies a condition. */
export type ValueTest = (value: Json) => boolean;
