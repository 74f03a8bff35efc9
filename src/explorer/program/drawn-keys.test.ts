import assert from "node:assert/strict";
import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { test } from "node:test";
import { drawnPair, drawnSecret } from "./drawn-keys.ts";
import { Lots } from "./lots.ts";

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}
const pair = (seed: number, kind: string, namedCurve = ""): Pair =>
  drawnPair(new Lots(seed), kind, { namedCurve }) as Pair;
const shown = ({ privateKey }: Pair): unknown => privateKey.export({ format: "jwk" });

const SIGNING = [["ed25519"], ["ed448"], ["ec", "P-256"], ["ec", "secp256k1"], ["ec", "P-384"], ["ec", "secp521r1"]];
for (const [kind = "", curve] of SIGNING) {
  test(`RACE-01 a drawn key of kind ${kind} ${curve ?? ""} is one, the same for the same seed`, () => {
    const made = pair(7, kind, curve);
    assert.equal(made.privateKey.asymmetricKeyType, kind);
    const [text, hash] = [Buffer.from("text"), kind === "ec" ? "sha256" : null];
    assert.ok(verify(hash, text, made.publicKey, sign(hash, text, made.privateKey)));
    assert.ok(!verify(hash, Buffer.from("other"), made.publicKey, sign(hash, text, made.privateKey)));
    assert.deepEqual(shown(pair(7, kind, curve)), shown(made));
    assert.notDeepEqual(shown(pair(8, kind, curve)), shown(made));
  });
}

test("RACE-01 drawn keys agree with real ones on a secret", () => {
  for (const kind of ["x25519", "x448"] as const) {
    const drawn = pair(7, kind);
    const other = kind === "x25519" ? generateKeyPairSync("x25519") : generateKeyPairSync("x448");
    const ours = diffieHellman({ privateKey: drawn.privateKey, publicKey: other.publicKey });
    assert.deepEqual(ours, diffieHellman({ privateKey: other.privateKey, publicKey: drawn.publicKey }));
  }
});

test("RACE-01 drawn keys come in the encoding that is asked for; what cannot be drawn is not", () => {
  const made = drawnPair(new Lots(1), "ed25519", {
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  assert.equal(createPublicKey(String(made?.privateKey)).export({ type: "spki", format: "pem" }), made?.publicKey);
  assert.equal(drawnPair(new Lots(1), "rsa"), undefined);
  assert.equal(drawnPair(new Lots(1), "ec", { namedCurve: "sect571r1" }), undefined);
  assert.equal(drawnSecret(new Lots(1), "aes", 256).symmetricKeySize, 32);
  assert.throws(() => drawnSecret(new Lots(1), "aes", 7), RangeError);
});
