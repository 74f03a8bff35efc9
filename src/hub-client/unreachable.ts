// Why a hub cannot be reached, in words that help: what the network said, and what to look at first.

import { HoldfastError, systemCode } from "../errors.ts";

const KEPT = "what was not sent is kept and sent later.";

/** What the network, or the other side's handshake, says; and what that means as a rule. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/^(ENOTFOUND|EAI_AGAIN|EAI_FAIL)$/, `Nothing is known of that host: check its name, and the network; ${KEPT}`],
  [/^ECONNREFUSED$/, `Nothing listens at that port: check that the hub runs, and the port; ${KEPT}`],
  [/^(EHOSTUNREACH|ENETUNREACH|ENETDOWN|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/, `Check the network; ${KEPT}`],
  [
    /^(ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|EPROTO|ERR_SSL_.*)$/,
    "It does not speak TLS there as it should; a hub without TLS has a URL that begins with http://.",
  ],
  [
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_.*|CERT_.*|ERR_TLS_CERT_.*|HOSTNAME_MISMATCH)$/,
    "Its certificate is not one that this machine trusts for that name: NODE_EXTRA_CA_CERTS=FILE.pem adds an authority.",
  ],
  [
    /^(UND_ERR_SOCKET|ECONNRESET|HPE_.*)$/,
    `Something else may answer there, or the hub went away; one that serves TLS has a URL that begins with https://. If it is the hub, ${KEPT}`,
  ],
];
/** `fetch` refuses ports that other protocols are known by. */
const BAD_PORT = "HTTP is not spoken at that port by anybody: the hub has to be served at another, 7460 for example.";
const HINT = `Check that it runs and that the URL is right; ${KEPT}`;

/** `HUB_UNREACHABLE` for whatever ended a request to `url`. */
export function unreachable(url: string, thrown: unknown): HoldfastError {
  // `fetch` says "fetch failed"; what failed is its cause, of which there may be one per address that was tried.
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  const code = systemCode(cause) ?? "";
  const why = cause instanceof Error ? firstLine(cause.message) || code || cause.name : String(cause);
  const hint = why === "bad port" ? BAD_PORT : (HINTS.find(([codes]) => codes.test(code))?.[1] ?? HINT);
  return new HoldfastError("HUB_UNREACHABLE", `the hub at ${url} cannot be reached: ${why}`, {
    hint,
    details: { url, ...(code === "" ? {} : { reason: code }) },
    cause: thrown,
  });
}

/** OpenSSL reports over several lines, with the place in its source. */
function firstLine(message: string): string {
  return (
    message
      .split("\n", 1)[0]
      ?.replace(/^[0-9A-F]{8,}:error:[0-9A-F]+:/, "")
      .trim() ?? ""
  );
}
