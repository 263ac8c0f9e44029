import { MurmurationError } from "@murmuration/index";
import type { z } from "zod";

/** What a field helper knows of an issue beyond its message: the code of the error it becomes. */
export interface IssueParameters {
  readonly code: "format" | "validation" | "unsupported" | "wrong-input" | "bad-request" | "not-found";
}

/** A path as text: `points[3].vector`. A string that begins with `[` or `.` is itself the text of a path. */
export function fieldPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else {
      const name = String(step);
      if (name === "") continue;
      text += text === "" || /^[.[]/.test(name) ? name : `.${name}`;
    }
  }
  return text;
}

function isAbsent(issue: z.core.$ZodIssue): boolean {
  return issue.code === "invalid_type" && issue.input === undefined;
}

function ofIssue(issue: z.core.$ZodIssue): MurmurationError {
  const field = fieldPath(issue.path);
  if (issue.code === "custom") {
    return new MurmurationError((issue.params as IssueParameters).code, issue.message, field);
  }
  if (issue.code === "too_small") return new MurmurationError("validation", "value invalid, must not be empty", field);
  if (issue.code === "too_big") {
    return new MurmurationError("validation", `value invalid, must have at most ${issue.maximum} elements`, field);
  }
  if (isAbsent(issue)) return new MurmurationError("format", "missing field", field);
  return new MurmurationError("format", issue.message.replace(/^Invalid (input|option): /, ""), field);
}

/** Checks a value against a schema. Throws the first fault as a `MurmurationError` that names the field. */
export function validate<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const outcome = schema.safeParse(value, { reportInput: true });
  if (outcome.success) return outcome.data;
  // A field of the wrong shape explains more than the range of another one.
  const issues = outcome.error.issues;
  throw ofIssue(issues.find((issue) => issue.code !== "custom") ?? (issues[0] as z.core.$ZodIssue));
}
