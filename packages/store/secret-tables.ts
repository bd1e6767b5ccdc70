/** The row types of static secrets and of what hangs on them; part of `tables.ts`. */
import type { Generated } from "kysely";
import type { DefaultJson, DefaultTime, Json } from "./columns.ts";

export interface SecretsTable {
  id: string;
  project_id: string;
  environment_id: string;
  folder_id: string;
  key: string;
  value: Buffer;
  comment: Buffer | null;
  version: Generated<number>;
  skip_multiline_encoding: Generated<boolean>;
  metadata: DefaultJson<{ key: string; value: string }[]>;
  reminder_note: string | null;
  reminder_repeat_days: number | null;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}

export interface SecretVersionsTable {
  secret_id: string;
  version: number;
  key: string;
  value: Buffer;
  comment: Buffer | null;
  skip_multiline_encoding: boolean;
  metadata: Json<{ key: string; value: string }[]>;
  written_at: Date;
}

export interface SecretOverridesTable {
  id: string;
  secret_id: string;
  project_id: string;
  /** "identity:<id>" or "user:<id>". */
  owner: string;
  value: Buffer;
  comment: Buffer | null;
  skip_multiline_encoding: Generated<boolean>;
  version: Generated<number>;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}

export interface SecretImportsTable {
  id: string;
  project_id: string;
  folder_id: string;
  source_environment_id: string;
  source_path: string;
  position: number;
  version: Generated<number>;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}

export interface SecretTagsTable {
  secret_id: string;
  tag_id: string;
}
