import type { PlanReport, ReadPart } from "@murmuration/index";
import type { PartsReport } from "../timing/part-clock.js";

/** How a read was carried out, and how long its parts took. */
export interface ReadReport extends PartsReport<ReadPart> {
  readonly plan: PlanReport;
}
