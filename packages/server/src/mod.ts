export { type AppOptions, buildApp } from "./app.js";
export { type Config, loadConfig } from "./config.js";
export type { CollectionStatistics, Database, DatabaseStatus, Digest } from "./engine/database.js";
export { type DatabaseOptions, openDatabase } from "./engine/open-database.js";
export { PlannerPool, type PlannerPoolOptions } from "./engine/planners/planner-pool.js";
export { ReaderPool, type ReaderPoolOptions } from "./read/reader-pool.js";
export type * from "./read/readers.js";
export type * from "./read/reading.js";
export { version } from "./version.js";
