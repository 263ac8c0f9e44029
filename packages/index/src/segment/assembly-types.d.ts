// The names that AssemblyScript has for the numbers in layout.ts.
declare type u32 = number;
declare type usize = number;
