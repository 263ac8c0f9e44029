import { parentPort } from "node:worker_threads";
import { takesOne } from "./takes-one.test-support.js";

// A planner that takes an insert, if one is left, and dies of it.

parentPort?.unref();
if (takesOne()) process.exit(1);
