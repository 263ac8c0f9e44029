// The names that AssemblyScript has for the numbers in files that both compile: segment/layout.ts, vector-index/graph-limits.ts, walk-steps.ts and graph-header.ts.
declare type u32 = number;
declare type usize = number;
