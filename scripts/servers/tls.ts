/** Certificates for TLS tests: an authority of its own, and server certificates that are right or wrong in one way. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { debian, libraries } from "./debian.ts";

const run = promisify(execFile);

/** What is the matter with a server's certificate. */
export type Flaw = "none" | "wrong-host" | "expired" | "self-signed";

/** A server's certificate and key, and the authority that clients must trust; all PEM. */
export interface Certificate {
  ca: string;
  cert: string;
  key: string;
}

async function openssl(): Promise<(args: string[], cwd: string) => Promise<unknown>> {
  try {
    await run("openssl", ["version"]);
    return (args, cwd) => run("openssl", args, { cwd });
  } catch {
    const program = "usr/bin/openssl";
    const { root } = await debian("openssl", { packages: ["openssl"], programs: [program] });
    return (args, cwd) => run(join(root, program), args, { cwd, env: { ...process.env, ...libraries(root) } });
  }
}

/** Makes a certificate for 127.0.0.1 and localhost, or one with a flaw. */
export async function makeCertificate(flaw: Flaw = "none"): Promise<Certificate> {
  const call = await openssl();
  const folder = mkdtempSync(join(tmpdir(), "dayfly-tls-"));
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const names = flaw === "wrong-host" ? "DNS:elsewhere.example" : "IP:127.0.0.1,DNS:localhost";
  // A negative life ends the day before it begins.
  const days = flaw === "expired" ? "-1" : "30";
  try {
    writeFileSync(join(folder, "names"), `subjectAltName=${names}\n`);
    const authority = ["-subj", "/CN=Dayfly test authority", "-keyout", "ca.key", "-out", "ca.pem", "-days", "30"];
    await call(["req", "-x509", ...newKey, ...authority], folder);
    const server = ["-subj", "/CN=server", "-keyout", "server.key"];
    if (flaw === "self-signed") {
      const itself = ["-out", "server.pem", "-days", days, "-addext", `subjectAltName=${names}`];
      await call(["req", "-x509", ...newKey, ...server, ...itself], folder);
    } else {
      await call(["req", ...newKey, ...server, "-out", "server.csr"], folder);
      const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", days, "-extfile", "names"];
      await call(["x509", "-req", "-in", "server.csr", ...signed, "-out", "server.pem"], folder);
    }
    const read = (name: string) => readFileSync(join(folder, name), "utf8");
    return { ca: read("ca.pem"), cert: read("server.pem"), key: read("server.key") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
