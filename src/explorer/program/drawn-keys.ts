// Keys whose bits are drawn by the explorer: the same in every run. Only kinds whose private key is nothing but random bits
// can be drawn; primes of our own making would be no RSA that anybody should rely on.

import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type KeyExportOptions,
  type KeyObject,
} from "node:crypto";
import type { Lots } from "./lots.ts";

/** Of RFC 8410: what stands before the private key in PKCS #8, and how long that is, bytes. */
const OKP: Readonly<Record<string, readonly [prefix: string, bytes: number]>> = {
  x25519: ["302e020100300506032b656e04220420", 32],
  x448: ["3046020100300506032b656f043a0438", 56],
  ed25519: ["302e020100300506032b657004220420", 32],
  ed448: ["3047020100300506032b6571043b0439", 57],
};
/** OpenSSL's name, JWK's, and the bytes of a coordinate. */
const CURVES: readonly (readonly [names: readonly string[], crv: string, bytes: number])[] = [
  [["prime256v1", "P-256"], "P-256", 32],
  [["secp256k1"], "secp256k1", 32],
  [["secp384r1", "P-384"], "P-384", 48],
  [["secp521r1", "P-521"], "P-521", 66],
];

interface PairOptions {
  readonly namedCurve?: string;
  readonly publicKeyEncoding?: KeyExportOptions<"pem">;
  readonly privateKeyEncoding?: KeyExportOptions<"pem">;
}

/** As `crypto.generateKeyPairSync`; undefined for kinds that cannot be drawn. */
export function drawnPair(
  lots: Lots,
  kind: string,
  options: PairOptions = {},
): { publicKey: unknown; privateKey: unknown } | undefined {
  const privateKey = drawnPrivateKey(lots, kind, options.namedCurve ?? "");
  if (privateKey === undefined) return undefined;
  const { publicKeyEncoding, privateKeyEncoding } = options;
  const publicKey = createPublicKey(privateKey);
  return {
    publicKey: publicKeyEncoding === undefined ? publicKey : publicKey.export(publicKeyEncoding),
    privateKey: privateKeyEncoding === undefined ? privateKey : privateKey.export(privateKeyEncoding),
  };
}

function drawnPrivateKey(lots: Lots, kind: string, namedCurve: string): KeyObject | undefined {
  const okp = OKP[kind];
  if (okp !== undefined) {
    const key = Buffer.concat([Buffer.from(okp[0], "hex"), drawn(lots, okp[1])]);
    return createPrivateKey({ key, format: "der", type: "pkcs8" });
  }
  const curve = kind === "ec" ? CURVES.find(([names]) => names.includes(namedCurve)) : undefined;
  if (curve === undefined) return undefined;
  const [[openSslName = ""], crv, bytes] = curve;
  const scalar = drawn(lots, bytes);
  // Below the order of every one of these curves, and not zero.
  scalar[0] = 0;
  scalar[bytes - 1] = (scalar[bytes - 1] ?? 0) | 1;
  const ecdh = createECDH(openSslName);
  ecdh.setPrivateKey(scalar);
  const point = ecdh.getPublicKey();
  const [x, y, d] = [point.subarray(1, 1 + bytes), point.subarray(1 + bytes), scalar].map((part) =>
    part.toString("base64url"),
  ) as [string, string, string];
  return createPrivateKey({ key: { kty: "EC", crv, x, y, d }, format: "jwk" });
}

/** As `crypto.generateKeySync`. */
export function drawnSecret(lots: Lots, kind: string, length: number): KeyObject {
  const isSound = kind === "hmac" ? length >= 8 : kind === "aes" && [128, 192, 256].includes(length);
  if (!isSound) throw new RangeError(`no key of ${length} bits can be made for ${kind}`);
  return createSecretKey(drawn(lots, Math.floor(length / 8)));
}

function drawn(lots: Lots, bytes: number): Buffer {
  const made = Buffer.alloc(bytes);
  lots.fill(made);
  return made;
}
