// What is used of libraries that come without types.
declare module "fold-to-ascii" {
  interface Folder {
    /** Lucene's ASCIIFoldingFilter; what has no equal in ASCII stays. */
    foldMaintaining(text: string): string;
  }
  const folder: Folder;
  // biome-ignore lint/style/noDefaultExport: it is how the library is made
  export default folder;
}

declare module "stopword" {
  export const ben: readonly string[];
  export const cat: readonly string[];
  export const eus: readonly string[];
  export const heb: readonly string[];
  export const slv: readonly string[];
}
