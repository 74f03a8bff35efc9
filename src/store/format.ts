// What was written in another format is refused whole, with what to do about it, and never half-read (STORE-38).

import { HoldfastError } from "../errors.ts";

/** Throws `FORMAT_TOO_NEW` or `FORMAT_TOO_OLD` unless `format`, a whole number that `path` names, is `known`. */
export function requireFormat(path: string, format: number, known: number): void {
  if (format === known) return;
  const message = `${path} has format ${format}; this program reads ${known}`;
  const details = { path, format, reads: known };
  if (format > known) {
    throw new HoldfastError("FORMAT_TOO_NEW", message, {
      hint: "A newer Holdfast wrote it: update this one. Nothing was read or changed.",
      details,
    });
  }
  throw new HoldfastError("FORMAT_TOO_OLD", message, {
    hint:
      "Run `holdfast data export` with the Holdfast that wrote it, and `holdfast data import` with this one. Nothing " +
      "was read or changed.",
    details,
  });
}

/** True for what `requireFormat` throws: no damage, so nothing goes on without what it refused. */
export function isFormatRefusal(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && (error.code === "FORMAT_TOO_NEW" || error.code === "FORMAT_TOO_OLD");
}

/** True for what may stand where a format stands. */
export function isFormat(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
