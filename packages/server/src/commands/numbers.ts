import { InvalidArgumentError } from "commander";

/** Reads an option's integer within these bounds. Throws what the command line shows. */
export function wholeNumber(minimum: number, maximum: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d{1,16}$/.test(text) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`it must be an integer from ${minimum} to ${maximum}.`);
  };
}
