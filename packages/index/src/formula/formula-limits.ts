/** Expressions inside of expressions, the outermost counted. */
export const formulaDepthMax = 64;

/** Expressions of a formula, those inside of others counted. */
export const formulaExpressionsMax = 1_024;
