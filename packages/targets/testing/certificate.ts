/**
 * X.509 certificates for tests, made on the spot: a few kinds of rogue need a few kinds of certificate.
 */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** A certificate and its key, as PEM. */
export interface Certificate {
  cert: string;
  key: string;
  name: string;
  privateKey: KeyObject;
}

/** Makes a certificate for a DNS name or IPv4 address; signed by `by`, or by itself. */
export function certificate(
  name: string,
  options: { by?: Certificate; days?: number; ca?: boolean } = {},
): Certificate {
  const { by, days = 30, ca = false } = options;
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const now = Date.now();
  const day = 86_400_000;
  const algorithm = seq(oid("2a8648ce3d040302"));
  const body = seq(
    tag(0xa0, tag(0x02, Buffer.from([2]))),
    tag(0x02, Buffer.from([1, ...Buffer.from(String(now % 100_000))])),
    algorithm,
    subject(by?.name ?? name),
    seq(time(now + Math.min(0, days - 1) * day - day), time(now + days * day)),
    subject(name),
    publicKey.export({ type: "spki", format: "der" }),
    tag(0xa3, seq(alternativeName(name), ...(ca ? [authority()] : []))),
  );
  const signature = sign("sha256", body, by?.privateKey ?? privateKey);
  const der = seq(body, algorithm, tag(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der
    .toString("base64")
    .match(/.{1,64}/g)!
    .join("\n");
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    name,
    privateKey,
  };
}

function tag(kind: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([kind, ...size]), content]);
}

const seq = (...parts: Buffer[]) => tag(0x30, Buffer.concat(parts));
const oid = (hex: string) => tag(0x06, Buffer.from(hex, "hex"));
const subject = (name: string) => seq(tag(0x31, seq(oid("550403"), tag(0x0c, Buffer.from(name)))));
const time = (at: number) =>
  tag(0x17, Buffer.from(`${new Date(at).toISOString().slice(2, 19).replace(/[-:T]/g, "")}Z`));

function alternativeName(name: string): Buffer {
  const address = /^\d+\.\d+\.\d+\.\d+$/.test(name);
  const value = address ? tag(0x87, Buffer.from(name.split(".").map(Number))) : tag(0x82, Buffer.from(name));
  return seq(oid("551d11"), tag(0x04, seq(value)));
}

/** Basic constraints: this one may sign others. */
const authority = () =>
  seq(oid("551d13"), tag(0x01, Buffer.from([255])), tag(0x04, seq(tag(0x01, Buffer.from([255])))));
