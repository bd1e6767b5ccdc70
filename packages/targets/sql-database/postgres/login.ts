import type { Issued, Net } from "../../define.ts";
import type { Config } from "../inputs.ts";
import { close, connect, LoginRefused } from "./session.ts";

/** What a server says to an account that may not come in. */
const NO = /^(28...|53300|42501)$/;

/** Logs in as the account. @throws TargetError when the server gave no clear answer. */
export async function login(config: Config, data: Issued["data"], net: Net): Promise<"accepted" | "refused"> {
  try {
    const session = await connect(config, net, { username: data.DB_USERNAME!, password: data.DB_PASSWORD! });
    await close(session);
    return "accepted";
  } catch (error) {
    if (error instanceof LoginRefused && NO.test(error.code)) return "refused";
    throw error;
  }
}
