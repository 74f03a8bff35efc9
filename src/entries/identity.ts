// Who writes: an Ed25519 key pair, kept in a file that only its owner can read.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { HoldfastError, systemCode } from "../errors.ts";
import type { Author } from "./entry.ts";

export interface Identity {
  readonly author: Author;
  readonly privateKey: KeyObject;
}

/** What `identity.json` holds: the private key as a JWK (RFC 8037). */
interface IdentityFile {
  readonly format: 1;
  readonly key: { readonly kty: "OKP"; readonly crv: "Ed25519"; readonly x: string; readonly d: string };
}

/** A new key pair, and the text of the file that keeps it (write it with mode 0600). */
export function newIdentity(): { identity: Identity; file: string } {
  const { privateKey } = generateKeyPairSync("ed25519");
  const key = privateKey.export({ format: "jwk" }) as IdentityFile["key"];
  const file: IdentityFile = { format: 1, key };
  return { identity: identityOf(privateKey), file: `${JSON.stringify(file, null, 2)}\n` };
}

/** Reads `path`; undefined when there is no such file. Throws `CORRUPT` when it is not an identity. */
export function readIdentity(path: string): Identity | undefined {
  let fileText: string;
  try {
    fileText = readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const file = JSON.parse(fileText) as IdentityFile;
    return identityOf(createPrivateKey({ key: file.key, format: "jwk" }));
  } catch (error) {
    throw new HoldfastError("CORRUPT", `${path} does not hold a key`, {
      hint: "Restore it from a backup, or move it away: a new key is made at the next command.",
      cause: error,
    });
  }
}

/** The signature of `bytes`, 64 bytes. */
export function signBytes(identity: Identity, bytes: Uint8Array): Uint8Array {
  return sign(null, bytes, identity.privateKey);
}

function identityOf(privateKey: KeyObject): Identity {
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  if (x === undefined) throw new TypeError("not an Ed25519 key");
  return { author: Buffer.from(x, "base64url").toString("hex"), privateKey };
}
