/**
 * The command tree: names, flags, examples, and where each action is. Help, completion and parsing follow from it.
 *
 * Actions are imported when they run, so that `--version` and `--help` load neither the SDK nor a schema.
 */
import type { FlagSpec } from "./globals.ts";
import type { Invocation } from "./invocation.ts";

/** What a command does. `never` stands for each action's own flags. */
export type Action = (run: Invocation<never>, args: string[]) => void | Promise<void>;

/** One command; the words in `name` after the first are its arguments. */
export interface CommandSpec {
  name: string;
  aliases?: string[];
  summary: string;
  examples?: string[];
  flags?: FlagSpec[];
  action?: () => Promise<Action>;
  commands?: CommandSpec[];
}

const ttlFlags: FlagSpec[] = [
  { flags: "--default-ttl <ttl>", help: "lifetime of a lease that asks for none, with its unit: 2h" },
  { flags: "--max-ttl <ttl>", help: "longest lifetime, renewals included" },
];

const inputFlags: FlagSpec[] = [
  { flags: "--set <key=value>", help: "an input of the target; value, @file, - for stdin, or JSON", many: true },
  { flags: "--secret <key=source>", help: "a secret input: @file, - for stdin; the key alone asks", many: true },
  { flags: "--inputs-file <file>", help: "all inputs as one JSON object; - for stdin" },
  { flags: "--username-template <text>", help: "how account names are made" },
  { flags: "--metadata <key=value>", help: "a label", many: true },
];

const lease: CommandSpec = {
  name: "lease",
  summary: "issue, list, renew and revoke credentials",
  commands: [
    {
      name: "create <name>",
      summary: "issue a credential",
      examples: [
        "dayfly dynamic-secrets lease create postgres-readonly-access -e prod -p /database/dynamic --ttl 1h",
        'eval "$(dayfly dynamic-secrets lease create postgres-readonly-access -o dotenv-export)"',
      ],
      flags: [
        { flags: "--ttl <ttl>", help: "its lifetime, with a unit: 30m, 2h, 1d12h" },
        { flags: "--wait <what>", help: "hand it out when it works: none, api or login (default: as configured)" },
        { flags: "--plain", help: "KEY=value lines" },
        { flags: "--output-full", help: "the lease too, not only the credential" },
      ],
      action: async () => (await import("./leases/create.ts")).createLease,
    },
    {
      name: "list <name>",
      summary: "live leases of a dynamic secret",
      examples: ["dayfly dynamic-secrets lease list postgres-readonly-access -e prod -p /database/dynamic"],
      action: async () => (await import("./leases/list.ts")).listLeases,
    },
    {
      name: "renew <lease-id>",
      summary: "move a lease's end",
      examples: ["dayfly dynamic-secrets lease renew LEASE_ID --ttl 30m -e prod -p /database/dynamic"],
      flags: [
        { flags: "--ttl <ttl>", help: "how much to add" },
        { flags: "--until <time>", help: "the new end, instead of --ttl: 2026-01-31T18:00:00Z" },
      ],
      action: async () => (await import("./leases/renew.ts")).renewLease,
    },
    {
      name: "delete <lease-id>",
      aliases: ["revoke"],
      summary: "end a lease, and prove its account gone",
      examples: ["dayfly dynamic-secrets lease revoke LEASE_ID -e prod -p /database/dynamic --wait 60s"],
      flags: [
        { flags: "--wait <duration>", help: "keep asking while the target does not answer" },
        { flags: "--force", help: "if its account cannot be ended, put it on the left-behind list" },
      ],
      action: async () => (await import("./leases/revoke.ts")).revokeLease,
    },
  ],
};

/** Every command there is. */
export const commands: CommandSpec[] = [
  {
    name: "login",
    summary: "sign in and keep the session",
    examples: [
      "dayfly login --method universal-auth --client-id ID --client-secret-file secret.txt",
      "dayfly login --email admin@localhost",
      'export INFISICAL_TOKEN="$(dayfly login --method universal-auth --plain --silent)"',
    ],
    flags: [
      { flags: "--method <name>", help: "universal-auth, or user" },
      { flags: "--client-id <id>", help: "a machine identity's client id" },
      { flags: "--client-secret <secret>", help: "its secret; shells remember it, prefer the next two" },
      { flags: "--client-secret-file <file>", help: "its secret, from a file" },
      { flags: "--client-secret-stdin", help: "its secret, from stdin" },
      { flags: "--email <address>", help: "a person's e-mail address, for --method user" },
      { flags: "--password-file <file>", help: "the person's password, from a file" },
      { flags: "--password-stdin", help: "the person's password, from stdin" },
      { flags: "--plain", help: "print the token and keep nothing" },
    ],
    action: async () => (await import("./login.ts")).login,
  },
  {
    name: "secrets",
    summary: "static secrets, and the shortest way to a lease",
    examples: ["dayfly secrets -e prod -p /database/admin", "dayfly secrets get --path=/database/dynamic --env=prod"],
    action: async () => (await import("./secrets/list.ts")).listSecrets,
    commands: [
      {
        name: "get [names...]",
        summary: "values by name; without a name, the folder's secrets or a lease of its one dynamic secret",
        examples: [
          "dayfly secrets get DB_ADMIN_USER --plain -e prod -p /database/admin",
          "dayfly secrets get --path=/database/dynamic --env=prod",
        ],
        flags: [
          { flags: "--plain", help: "only the values, one a line" },
          { flags: "--no-lease", help: "never issue a lease" },
        ],
        action: async () => (await import("./secrets/get.ts")).getSecrets,
      },
      {
        name: "set [name=value...]",
        summary: "create or change secrets",
        examples: [
          "dayfly secrets set DB_ADMIN_USER=postgres --env=prod --path=/database/admin",
          "dayfly secrets set DB_ADMIN_PASS=@password.txt -e prod -p /database/admin",
          "printenv DB_PASS | dayfly secrets set DB_ADMIN_PASS=- -e prod -p /database/admin",
        ],
        flags: [
          { flags: "--file <file>", help: "NAME=value lines; - for stdin" },
          { flags: "--type <type>", help: "shared, the only one there is" },
          { flags: "--show-values", help: "print the values too" },
          { flags: "--no-create-folders", help: "fail when the folder is missing" },
        ],
        action: async () => (await import("./secrets/set.ts")).setSecrets,
      },
      {
        name: "delete <names...>",
        summary: "delete secrets",
        examples: ["dayfly secrets delete OLD_KEY -e prod -p /database/admin"],
        flags: [{ flags: "--type <type>", help: "shared, the only one there is" }],
        action: async () => (await import("./secrets/delete.ts")).deleteSecrets,
      },
      {
        name: "folders",
        summary: "folders",
        commands: [
          {
            name: "get",
            aliases: ["list"],
            summary: "the folders in a folder",
            examples: ["dayfly secrets folders get -e prod -p /database"],
            action: async () => (await import("./folders.ts")).listFolders,
          },
          {
            name: "create",
            summary: "make a folder, and its parents where they are missing",
            examples: ["dayfly secrets folders create --name admin -e prod -p /database"],
            flags: [{ flags: "-n, --name <name>", help: "the folder's name" }],
            action: async () => (await import("./folders.ts")).createFolder,
          },
          {
            name: "delete",
            summary: "delete a folder",
            examples: ["dayfly secrets folders delete --name admin -e prod -p /database"],
            flags: [
              { flags: "-n, --name <name>", help: "the folder's name" },
              { flags: "--force", help: "with all that is in it; accounts that cannot be ended are printed" },
            ],
            action: async () => (await import("./folders.ts")).deleteFolder,
          },
        ],
      },
    ],
  },
  {
    name: "dynamic-secrets",
    summary: "dynamic secrets and their leases",
    examples: [
      "dayfly dynamic-secrets -e prod -p /database/dynamic",
      "dayfly dynamic-secrets lease create postgres-readonly-access -e prod -p /database/dynamic",
    ],
    action: async () => (await import("./dynamic-secrets/list.ts")).listDynamicSecrets,
    commands: [
      {
        name: "list",
        summary: "the dynamic secrets of a folder",
        examples: ["dayfly dynamic-secrets list -e prod -p /database/dynamic"],
        action: async () => (await import("./dynamic-secrets/list.ts")).listDynamicSecrets,
      },
      {
        name: "create <name>",
        summary: "configure a target that can issue accounts",
        examples: [
          "dayfly dynamic-secrets create orders-readonly --type sql-database --default-ttl 2h --max-ttl 4h --set client=postgres " +
            "--set host=db.example --set port=5432 --set database=orders --set username=admin --secret password=@password.txt " +
            "--set creationStatement=@create.sql --set revocationStatement=@revoke.sql -e prod -p /database/dynamic",
        ],
        flags: [{ flags: "--type <type>", help: "the kind of target: sql-database" }, ...ttlFlags, ...inputFlags],
        action: async () => (await import("./dynamic-secrets/write.ts")).createDynamicSecret,
      },
      {
        name: "update <name>",
        summary: "change a dynamic secret; leases that were issued keep what they have",
        examples: ["dayfly dynamic-secrets update orders-readonly --default-ttl 1h -e prod -p /database/dynamic"],
        flags: [{ flags: "--new-name <name>", help: "its new name" }, ...ttlFlags, ...inputFlags],
        action: async () => (await import("./dynamic-secrets/write.ts")).updateDynamicSecret,
      },
      {
        name: "delete <name>",
        summary: "delete a dynamic secret and revoke its leases",
        examples: ["dayfly dynamic-secrets delete orders-readonly -e prod -p /database/dynamic"],
        flags: [{ flags: "--force", help: "do not wait for accounts that cannot be ended: print them" }],
        action: async () => (await import("./dynamic-secrets/delete.ts")).deleteDynamicSecret,
      },
      lease,
    ],
  },
  {
    name: "leases",
    summary: "leases of a whole project",
    commands: [
      {
        name: "left-behind",
        summary: "accounts that were let go of by force, and are not proven gone",
        examples: ["dayfly leases left-behind --project-slug my-project", "dayfly leases left-behind --organization"],
        flags: [{ flags: "--organization", help: "of all projects, also of deleted ones; for admins" }],
        action: async () => (await import("./leases/left-behind.ts")).listLeftBehind,
      },
    ],
  },
  {
    name: "config",
    summary: "settings",
    commands: [
      {
        name: "explain",
        summary: "every setting in force, and where it came from",
        examples: ["dayfly config explain"],
        action: async () => (await import("./explain.ts")).explainConfig,
      },
    ],
  },
];
