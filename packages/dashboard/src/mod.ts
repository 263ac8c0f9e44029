// What of the dashboard can be used without a page: its readers of texts, as tests and tools need them.
export { parseJson, printJson } from "./json.js";
