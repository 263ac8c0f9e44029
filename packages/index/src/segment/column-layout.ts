// The one source of the layout of columns and postings: compiled twice, like layout.ts. Constants only.
//
// All of it stands in extents of the arena (assembly/table/arena.ts), and is found from the columns' header.
//
//   column     C_*; readers walk the list of them from H_COLUMNS on
//   directory  by chunk of CHUNK_ROWS rows: K_*
//   sets       SETS bitsets of a chunk: which of its rows have what
//   cells      keyword: u32 address of the value; number: i64 key; place: f64 longitude, f64 latitude; bool: bitsets of the rows with true and with false.
//              Of a row with several values: the address of u32 count, u32 0, and then the values. Of a text that keeps the order
//              of its words: u32 count, u32 words, the values, and the address of each word's value, 0 between two texts
//   value      V_*: a keyword, or the key of a number that is looked up
//   table      of values: u32 mask, 12 bytes, then places: 0 empty, 1 gone, or the address of a value
//   posting    u32 entries, u32 room, u32 1 when rows of it were given back, u32 0, then rows; of a common value, u32 by chunk: the address of a bitset of its rows, 0: it has none there

// Header: the arena's is the writer's.
export const H_ARENA_RETIRED_HEAD: usize = 4096;
export const H_ARENA_RETIRED_TAIL: usize = 4100;
export const H_ARENA_IN_USE: usize = 4104;
/** Where the arena ends: the memory's end before the areas of the threads, or less. */
export const H_ARENA_END: usize = 4108;
/** EXTENT_CLASSES words: free extents by size class. */
export const H_ARENA_FREE: usize = 4160;
export const EXTENT_CLASSES: u32 = 112;
/** First column. */
export const H_COLUMNS: usize = 4672;
/** The writer's: bitset over rows, all 0 between uses. */
export const H_MARKS: usize = 4676;
/** A value has a posting as long as it has at most one row in so many, or so many rows; others have a bitset. */
export const H_POSTING_SHARE: usize = 4680;
export const H_POSTING_ROWS: usize = 4708;
/** What a table has there; measured, see docs/read-model.md. */
export const POSTING_SHARE: u32 = 64;
export const POSTING_ROWS: u32 = 64;
/** Bugs that a test has planted (see assembly/table/column.ts); 0 otherwise. */
export const H_COLUMNS_PLANTED: usize = 4684;
/** The writer's: the number that is being looked up, 8 bytes. */
export const H_NUMBER_KEY: usize = 4688;
/** Which rows are visible, by blocks: SUMMARY_ROWS bits a block, and the epoch from which on they are right; 0: ask the rows. */
export const H_SUMMARY_BITS: usize = 4696;
export const H_SUMMARY_SINCE: usize = 4700;
/** The writer's: one bit for each block that is to be summed up again. */
export const H_SUMMARY_STALE: usize = 4704;
export const SUMMARY_SHIFT: u32 = 9;
export const SUMMARY_ROWS: u32 = 512;

/** Rows of a chunk. */
export const CHUNK_SHIFT: u32 = 14;
export const CHUNK_ROWS: u32 = 16384;
export const SET_BYTES: usize = 2048;

// A column (offsets).
export const C_KIND: usize = 0;
export const C_NEXT: usize = 4;
/** Readers from this epoch on use it (0: whatever their epoch), and none from that one on (0: none yet). */
export const C_FROM: usize = 8;
export const C_UNTIL: usize = 12;
export const C_DIRECTORY: usize = 16;
/** Address of the table of values, 0: none. */
export const C_TABLE: usize = 20;
/** Places of that table that are not empty; values in it. */
export const C_TABLE_USED: usize = 24;
export const C_VALUES: usize = 28;
/** SETS words: rows in each set, whether or not anybody sees them. */
export const C_COUNTS: usize = 32;
/** Readers may use it at some epoch. */
export const C_IS_SHOWN: usize = 52;
/** Index of the kind of payload index, and what it serves, for the host. */
export const C_SCHEMA: usize = 56;
export const C_PATH_BYTES: usize = 60;
export const C_PATH: usize = 64;

// Kinds of column.
export const KEYWORD_CELLS: u32 = 1;
export const NUMBER_CELLS: u32 = 2;
export const BOOL_CELLS: u32 = 3;
/** Numbers with a table of values as well. */
export const LOOKED_UP_CELLS: u32 = 4;
/** Places: f64 longitude, f64 latitude. */
export const GEO_CELLS: u32 = 5;

// A chunk in the directory (offsets): addresses, and the least and greatest key that was ever in it.
export const K_SETS: usize = 0;
export const K_CELLS: usize = 4;
export const K_LEAST: usize = 8;
export const K_GREATEST: usize = 16;
export const K_BYTES: usize = 24;

// The sets of a chunk. A row's flags are the sets that it is in: bit i for set i.
/** The row has a value that the column holds. */
export const VALUED: u32 = 0;
/** It has two or more different ones. */
export const SEVERAL: u32 = 1;
/** It has a value, null not counted, that the column does not hold. */
export const OTHER: u32 = 2;
/** A null stands at the path, or in the array there. */
export const NULLS: u32 = 3;
/** One of the values that the column does not hold is a number. */
export const UNHELD_NUMBER: u32 = 4;
/** Of a text index, which no number is looked up in: the row has more than one text. */
export const SEVERAL_TEXTS: u32 = 4;
export const SETS: u32 = 5;
/** Of bool columns, in the cells. */
export const TRUE_ROWS: u32 = 5;
export const FALSE_ROWS: u32 = 6;

// A value (offsets).
export const V_HASH: usize = 0;
/** Rows that have it, whether or not anybody sees them. */
export const V_ROWS: usize = 4;
/** 0, row << 1 | 1, the address of a posting, or COMMON with the address of the directory of a bitset. */
export const V_POSTING: usize = 8;
export const V_BYTES: usize = 12;
export const V_KEY: usize = 16;
/** Many rows have the value: they are a bitset, or, where there was no memory for one, are scanned for. */
export const COMMON: u32 = 2;
/** The bits of a posting's word that tell what it is. */
export const POSTING_KIND: u32 = 3;

// Areas of a thread, at the end of the memory. Nothing is kept in them between calls, so that queries may take turns on one thread.
/** Rows that one call looks at. */
export const WINDOW_ROWS: u32 = 262144;
/** One bit for each row of the window: the answer, and the rows that are asked about. */
export const A_OUT: usize = 0;
export const A_AMONG: usize = 32768;
/** What a call is given: the bytes of a key, addresses, numbers. */
export const A_INPUT: usize = 65536;
export const INPUT_BYTES: u32 = 16384;
/** PAIRS places of 16 bytes: (i64 key, u32 row) in order, (u64 cell, u32 rows) counted; or ROWS_LISTED rows. */
export const A_PAIRS: usize = 81920;
export const PAIRS: u32 = 8192;
export const ROWS_LISTED: u32 = 32768;
/** Which rows of a block are visible. */
export const A_VISIBLE: usize = 212992;
export const AREA_BYTES: usize = 213056;
