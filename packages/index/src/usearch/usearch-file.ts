export { readUsearchFile, type UsearchImport, type UsearchReadOptions } from "./read-usearch-file.js";
export { writeUsearchFile } from "./write-usearch-file.js";
