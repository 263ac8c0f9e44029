/** Bounds of `murmur import` and `murmur export`, and what they do unless they are told otherwise. */

/** Bytes of one line, of one record of CSV and of one cell. A larger one is no row. */
export const lineBytesMax = 64 * 1024 * 1024;

/** Columns of a table. */
export const columnsMax = 10_000;

/** Rows that types and layout are inferred from. */
export const sampleRowsDefault = 1_000;
export const sampleRowsMax = 100_000;
/** What they may hold, in values and characters: no more rows are taken then. */
export const sampleWeightMax = 32 * 1024 * 1024;

/** Points of one request. */
export const batchPointsDefault = 256;
export const batchPointsMax = 10_000;
/** Characters of the body of one request: a quarter of what a server takes unless it is configured otherwise. */
export const batchCharactersMax = 8 * 1024 * 1024;

/** Requests under way. */
export const parallelDefault = 4;
export const parallelMax = 64;

/** Wrong rows after which an import stops. */
export const errorsMaxDefault = 1_000;

/** How long a request may take. */
export const requestSecondsDefault = 120;
/** How long a server that is busy, full or away is asked again. */
export const patienceSecondsDefault = 300;
/** The same of what answers, but not as such a server does. */
export const strangerPatienceMs = 5_000;
/** Between two attempts: at first, and at most. */
export const pauseMsFirst = 200;
export const pauseMsMax = 30_000;

/** Bytes of one answer. */
export const answerBytesMax = 512 * 1024 * 1024;

/** Points of one page of a source that runs. */
export const pagePointsDefault = 256;
export const pagePointsMax = 10_000;

/** Characters of a wrong row that are kept beside its fault. */
export const rejectedCharactersMax = 65_536;

/** Rows of a group of Parquet that is written. */
export const parquetGroupRows = 5_000;
/** Bytes of a group of Parquet that is read: it is unpacked whole. */
export const parquetGroupBytesMax = 2 * 1024 * 1024 * 1024;
/** Values of a group, over all columns: those within lists count by themselves. */
export const parquetGroupCellsMax = 2 ** 28;

/** Bytes of a page of it, unpacked. */
export const parquetPageBytesMax = 2 ** 30;
/** What is handed over at a time: rows, and values and characters. */
export const parquetSliceRows = 512;
export const parquetSliceCells = 2 ** 20;
/** Mebibytes of the heap of the process that reads one, where the machine has twice as many. */
export const parquetHeapMebibytes = 4_096;
/** How long a process that reads may be silent, and how long it may take whatever a file says of its size. */
export const readingStallMs = 60_000;
export const readingFirstMsMax = 120_000;

/** Bytes of the header of an `.npy` file. */
export const npyHeaderBytesMax = 65_536;

/** Points that a usearch file is made of: its graph is built in memory. */
export const usearchPointsMax = 10_000_000;
