// Failures as HTTP answers: which status goes with which code, and what the body says.

import { type ErrorCode, type ErrorDetail, HoldfastError, toHoldfastError } from "../errors.ts";
import type { ErrorBody } from "./protocol.ts";

const STATUS: Partial<Record<ErrorCode, number>> = {
  BAD_ENTRY: 400,
  BAD_NAME: 400,
  BAD_OPTION: 400,
  BAD_REQUEST: 400,
  BAD_SIGNATURE: 400,
  UNAUTHORIZED: 401,
  NOT_AUTHOR: 403,
  CONTENT_MISSING: 404,
  NOT_FOUND: 404,
  PATH_TAKEN: 409,
  STALE_BASE: 409,
  TOO_LARGE: 413,
  VERIFY_FAILED: 422,
  RATE_LIMITED: 429,
  DISK_FULL: 507,
};

/** A failure whose status, or a header, is not the usual one of its code. */
export class HttpFailure extends HoldfastError {
  override readonly name: string = "HttpFailure";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    detail: ErrorDetail = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(code, message, detail);
    this.status = status;
    this.headers = headers;
  }
}

export function badRequest(message: string, hint = "See /openapi.json for what this hub understands."): HoldfastError {
  return new HoldfastError("BAD_REQUEST", message, { hint });
}

export function errorBody(error: HoldfastError): ErrorBody {
  return {
    error: error.message,
    code: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.details === undefined ? {} : { details: error.details }),
  };
}

/** Any thrown value as an answer. `report` hears of those that are the hub's own fault. */
export function failureResponse(thrown: unknown, report: (error: unknown) => void): Response {
  // Hono's own refusals (malformed JSON, ...) know their status.
  const status = thrown instanceof Error && "status" in thrown ? Number(thrown.status) : undefined;
  let error: HoldfastError;
  if (thrown instanceof HoldfastError) error = thrown;
  else if (status !== undefined && status >= 400 && status < 500) error = badRequest((thrown as Error).message);
  else error = toHoldfastError(thrown);
  const known = status ?? STATUS[error.code] ?? 500;
  if (known < 500 || error instanceof HttpFailure || error.code === "DISK_FULL") {
    const headers = error instanceof HttpFailure ? error.headers : {};
    return Response.json(errorBody(error), { status: known, headers });
  }
  report(thrown);
  // What broke inside is for the hub's log, not for whoever asked.
  const body: ErrorBody = { error: "the hub failed to answer", code: "INTERNAL", hint: "The hub's log says why." };
  return Response.json(body, { status: 500 });
}
