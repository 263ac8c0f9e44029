// What of the dashboard can be used without a page: its readers of texts, as tests and tools need them.

export { type ReadFilter, readFilter } from "./filter/read-filter.js";
export { type FilterProblem, type WrittenFilter, writeFilter } from "./filter/write-filter.js";
export { parseJson, printJson } from "./json.js";
export { type ApiRequest, pathOf, type Target } from "./requests/api-request.js";
export { curlOf } from "./requests/curl.js";
export { javascriptOf } from "./requests/javascript.js";
export { pythonOf } from "./requests/python.js";
