import { serveReading, tellProgress } from "../reading/serve-reading.js";
import { ParquetFile } from "./parquet-file.js";

/** What the process that reads Parquet is asked: to open a file and say what it says of itself, or for rows of that. */
export type ParquetQuestion = { readonly open: string } | { readonly from: number };

let file: ParquetFile | undefined;

serveReading(async (question) => {
  const asked = question as ParquetQuestion;
  if ("from" in asked) return file?.slice(asked.from);
  file?.close();
  file = undefined;
  file = await ParquetFile.open(asked.open, tellProgress);
  return file.facts;
});
