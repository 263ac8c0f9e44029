import { TextField, type TextFieldProps } from "./field.js";

/** The number that a text is, where it is a whole one within bounds. */
export function wholeNumber(text: string, most: number, least = 1): number | undefined {
  const value = Number(text);
  return Number.isInteger(value) && value >= least && value <= most ? value : undefined;
}

export interface WholeNumberFieldProps extends Pick<TextFieldProps, "label" | "value" | "onInput"> {
  /** Default: 1. */
  readonly least?: number;
  readonly most: number;
}

/** A labelled input of a whole number, which says where what is in it is none within its bounds. */
export function WholeNumberField({ least = 1, most, ...field }: WholeNumberFieldProps) {
  const isTaken = wholeNumber(field.value, most, least) !== undefined;
  const bounds = `a whole number from ${least.toLocaleString("en")} to ${most.toLocaleString("en")}`;
  return <TextField {...field} type="number" error={isTaken ? undefined : bounds} />;
}
