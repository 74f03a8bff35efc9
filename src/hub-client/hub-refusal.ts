// A hub's failure as the error that it stands for here; and an answer that is no hub's.

import { type ErrorCode, type ErrorDetail, HoldfastError } from "../errors.ts";
import { BLAMED, CONFLICTS, inShape, MISSING, REFUSAL } from "./hub-answers.ts";

/** What a hub can mean for whoever asks it. All else that it may say (`FOLDER_GONE`, `CORRUPT`, `INTERNAL`, ...) would
 *  be about the hub, and is taken for a failure of its own: it must not be mistaken for one of this folder. */
const CODES: ReadonlySet<string> = new Set<ErrorCode>([
  "BAD_ENTRY",
  "BAD_NAME",
  "BAD_OPTION",
  "BAD_REQUEST",
  "BAD_SIGNATURE",
  "CONTENT_MISSING",
  "DISK_FULL",
  "LISTENER_TOO_SLOW",
  "NOT_AUTHOR",
  "NOT_FOUND",
  "PATH_TAKEN",
  "RATE_LIMITED",
  "STALE_BASE",
  "TOO_LARGE",
  "UNAUTHORIZED",
  "VERIFY_FAILED",
]);

/** The token is known, and may not do this. */
const FORBIDDEN = 403;
const NEW_INVITE =
  "Ask for a new invite, and join with it: `holdfast join INVITE FOLDER`; nothing in the folder is lost by it.";

/** The error that a failure's body stands for. `status` 0: it came in an event stream. Throws `ShapeError` when the body
 *  is no hub's. */
export function refusalOf(body: unknown, status: number): HoldfastError {
  const { error, code, hint, details } = inShape(body, REFUSAL);
  const facts = { ...details };
  const known = CODES.has(code);
  // What is acted on is looked at.
  if ("conflicts" in facts) inShape(facts, CONFLICTS);
  if ("missing" in facts) inShape(facts, MISSING);
  if ("index" in facts) inShape(facts, BLAMED);
  // The hub speaks of headers and of streams; whoever reads this has a folder.
  const better = code === "UNAUTHORIZED" && status !== FORBIDDEN ? NEW_INVITE : hint;
  return new HoldfastError(known ? (code as ErrorCode) : "HUB_ERROR", error, {
    ...(better === undefined ? {} : { hint: better }),
    details: { ...facts, ...(known ? {} : { code }), status },
  });
}

/** `HUB_ERROR`: what `asked`, a URL, was answered with `status` is not what a hub answers. */
export function noAnswerOfAHub(asked: string, status: number, what: string, detail: ErrorDetail = {}): HoldfastError {
  return new HoldfastError("HUB_ERROR", `${asked} answered (${status}) as no hub does: ${what}`, {
    hint: "Check that the URL is a Holdfast hub of this version, and that nothing in between changes its answers.",
    details: { url: asked, status },
    ...detail,
  });
}
