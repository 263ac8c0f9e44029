export { type AppOptions, buildApp } from "./app.js";
export { type Config, loadConfig } from "./config.js";
export type { CollectionStatistics, Database, DatabaseStatus, Digest } from "./engine/database.js";
export { type DatabaseOptions, openDatabase } from "./engine/open-database.js";
export { PlannerPool, type PlannerPoolOptions } from "./engine/planners/planner-pool.js";
export { version } from "./version.js";
