import type { Step } from "../../define.ts";
import type { Config } from "../inputs.ts";
import type { Session } from "./session.ts";

export async function* verify(_session: Session, _config: Config): AsyncGenerator<Step> {}
