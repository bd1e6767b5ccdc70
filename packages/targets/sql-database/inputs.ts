/**
 * What a SQL database needs to be told: names as on the wire, with what we add.
 */
import { z } from "zod";
import { defaulted, optional, secret } from "../fields.ts";
import { statement } from "../statement.ts";
import { refuseTransactions } from "./transactions.ts";

const CLIENTS = ["postgres", "mysql2", "mssql", "oracledb", "sap-ase", "vertica"] as const;
const SUPPORTED = ["postgres"];
const PLANNED = ["mysql2", "mssql", "oracledb"];

/** Symbols of a password when a config asks for some and names none. */
export const SYMBOLS = "-_.~!*";

const client = z
  .enum(CLIENTS)
  .superRefine((name, context) => {
    if (SUPPORTED.includes(name)) return;
    const state = PLANNED.includes(name) ? "planned, not supported yet" : "not supported";
    const message = `client \`${name}\` is ${state}; supported: ${SUPPORTED.join(", ")}`;
    context.addIssue({ code: "custom", message, params: { fault: "unsupported" } });
  })
  .meta({ title: "Database", order: 1 });

const host = z
  .string()
  .trim()
  .toLowerCase()
  .min(1)
  .max(255)
  .refine((name) => !/[\s/\\@?#\0]/.test(name), "must be a host name or an address, without a path: db.example")
  .meta({ title: "Host", order: 2 });

const count = (title: string, order: number) => z.int().min(0).max(250).meta({ title, order });

const passwordRequirements = z
  .object({
    length: z.int().min(1).max(250).meta({ title: "Length", order: 1 }),
    required: z
      .object({
        lowercase: count("Small letters", 1),
        uppercase: count("Capital letters", 2),
        digits: count("Digits", 3),
        symbols: count("Symbols", 4),
      })
      .meta({ title: "At least", order: 2 }),
    allowedSymbols: optional(z.string().max(64).meta({ title: "Allowed symbols", order: 3 })),
  })
  .meta({ title: "Password rules", order: 20 });

const gateway = optional(
  z
    .string()
    .superRefine((_, context) => {
      const message = "gateways are not supported: leave it empty and let this server reach the database itself";
      context.addIssue({ code: "custom", message, params: { fault: "unsupported" } });
    })
    .meta({ title: "Gateway", order: 30, description: "Not supported: leave it empty." }),
);

/** The config of a `sql-database`, as typed; parsed, its statements are functions. */
export const inputs = z.object({
  client,
  host,
  port: z.int().min(1).max(65535).meta({ title: "Port", order: 3 }),
  database: z.string().min(1).max(63).meta({ title: "Database name", order: 4 }),
  username: z.string().min(1).max(63).meta({ title: "Admin user", order: 5 }),
  password: secret({ title: "Admin password", order: 6 }),
  creationStatement: statement(["username", "password", "expiration", "database"], {
    needs: ["username", "password"],
    meta: { title: "Creation statement", order: 7, description: "Runs as one transaction for each lease." },
    lint: refuseTransactions,
  }),
  revocationStatement: statement(["username", "database"], {
    needs: ["username"],
    meta: {
      title: "Revocation statement",
      order: 8,
      description: "Runs first when a lease ends. If it fails, the built-in clean-up finishes the work.",
    },
    lint: refuseTransactions,
  }),
  renewStatement: optional(
    statement(["username", "expiration", "database"], {
      needs: ["username"],
      meta: {
        title: "Renewal statement",
        order: 9,
        description: "Empty: the role's VALID UNTIL is moved, if the creation statement used {{expiration}}.",
      },
      lint: refuseTransactions,
    }),
  ),
  ca: optional(
    z.string().meta({
      title: "CA certificate (PEM)",
      order: 10,
      description: "Empty: the system's own roots.",
    }),
  ),
  sslEnabled: optional(
    z.boolean().meta({
      title: "TLS",
      order: 11,
      description:
        "On: only encrypted. Off: never. Unset: encrypted if the server can, plain only where the password stays hidden.",
    }),
  ),
  sslRejectUnauthorized: defaulted(z.boolean().meta({ title: "Check the server's certificate", order: 12 }), true),
  passwordRequirements: optional(passwordRequirements),
  readiness: defaulted(
    z.enum(["none", "api", "login"]).meta({
      title: "Wait until ready",
      order: 21,
      description: "login: a lease is handed out after a login with it has worked.",
    }),
    "none",
  ),
  scramIterations: defaulted(
    z.int().min(1).max(100_000).meta({
      title: "SCRAM rounds",
      order: 22,
      description:
        "4096 works with every driver. 1 is much faster for the server, but JDBC before 42.7.4 and pg8000 refuse it.",
    }),
    4096,
  ),
  passwordFormat: defaulted(
    z.enum(["verifier", "plain"]).meta({
      title: "Password is sent as",
      order: 23,
      description:
        "plain: for servers with a password check that must see the text; it may then appear in the server's log.",
    }),
    "verifier",
  ),
  onOwned: defaulted(
    z.enum(["reassign", "drop"]).meta({
      title: "What a lease leaves behind",
      order: 24,
      description: "reassign: tables and functions made with a lease go to the admin. drop: they are deleted with it.",
    }),
    "reassign",
  ),
  gatewayId: gateway,
});

/** A parsed config. */
export type Config = z.output<typeof inputs>;
