/**
 * One kill and the next start.
 *
 * Owns how death comes: SIGKILL of node, of its PostgreSQL or of both at a random moment, by the server's own hand at a named
 * step, or as an answer begins to arrive. After it the server is started again at once, over the same data.
 */
import { request as send } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { killAll } from "../../e2e/testing/processes.ts";
import { databaseOf } from "../../e2e/testing/server.ts";
import type { Answer } from "../../e2e/testing/wire.ts";
import { type Load, leaseBody } from "./load.ts";
import type { Kill } from "./plan.ts";
import { cutAt, cutByItself } from "./request.ts";
import type { Rig } from "./rig.ts";

const KILLING = "packages/server/testing/killing.ts";
/** A step that is not passed within this time under load is not passed. */
const STEP_MS = 20_000;
/** So long the server is held down where it is, for leases to end meanwhile. */
const HELD_MS = 12_000;
/** So long a server that has lost its database is given to come back by itself. */
const BY_ITSELF_MS = 10_000;

/** A kill that was made. */
export interface Record {
  what: Kill["what"];
  /** The named step, or the part of the database. */
  at: string | null;
  cut: number;
  /** Milliseconds until ready; null where the next kill came first. */
  ready: number | null;
  /** What had to be started again: only the database's loss may leave the server itself standing. */
  restarted: boolean;
}

/** Kills a server under load and starts it again. */
export class Striker {
  readonly records: Record[] = [];
  /** Answers of which some bytes had come when the server was killed: how many came whole, how many did not. */
  readonly halves = { whole: 0, cut: 0 };
  /** Steps that were waited for in vain. */
  readonly missed: string[] = [];
  readonly #rig: Rig;
  readonly #load: Load;
  /** Whether the server has to be running. */
  #running = true;
  /** How it ended though it had to run. */
  #lost: string | null = null;

  constructor(rig: Rig, load: Load) {
    this.#rig = rig;
    this.#load = load;
    this.#watch();
  }

  /** Kills, and starts again so that `next` can follow. */
  async strike(kill: Kill, next: Kill | null): Promise<void> {
    if (kill.what === "step") return this.#atStep(kill.point, next);
    await pause(250 + Math.random() * 1_400);
    if (this.#lost) throw new Error(`the server ended by itself: ${this.#lost}\n${this.#words()}`);
    if (kill.what === "store") return this.#store(kill.part, next);
    if (kill.what === "starting") return this.#whileStarting(next);
    if (kill.what === "answer") return this.#atAnswer(next);
    const moment = performance.now();
    await this.#down(() => this.#rig.server.kill(kill.what === "both" ? "tree" : "node"));
    if (kill.held) await pause(HELD_MS);
    await this.#start(next, { what: kill.what, at: null, moment });
  }

  async #atStep(point: string, next: Kill | null): Promise<void> {
    const { server } = this.#rig;
    const late = new AbortController();
    const dead = await Promise.race([
      server.ended(),
      pause(STEP_MS, false as const, { signal: late.signal, ref: false }).catch(() => false as const),
    ]);
    late.abort();
    if (dead && dead !== "SIGKILL") throw new Error(`the server ended by itself: ${dead}\n${this.#words()}`);
    const moment = performance.now();
    if (!dead) this.missed.push(point);
    await this.#down(() => server.kill("node"));
    await this.#start(next, dead ? { what: "step", at: point, moment } : { what: "node", at: null, moment });
  }

  async #store(part: Extract<Kill, { what: "store" }>["part"], next: Kill | null): Promise<void> {
    const { server, journal } = this.#rig;
    const [parent, ...others] = databaseOf(server.dataDir);
    const one = others[Math.floor(Math.random() * others.length)];
    const pids = { all: [parent!, ...others], parent: [parent!], session: [one ?? parent!] }[part];
    const moment = performance.now();
    await this.#down(async () => killAll(pids));
    // A server that has lost its database may answer one look more before it knows.
    await pause(100);
    if (!(await this.#comesBack())) {
      await server.kill("tree");
      return this.#start(next, { what: "store", at: part, moment });
    }
    const record = { what: "store", at: part, ready: performance.now() - moment, restarted: false } as const;
    journal.write({ is: "up" });
    await this.#goOn();
    this.records.push({ ...record, cut: cutAt(this.#load.take(), moment) });
    this.#running = true;
    if (next?.what !== "step") return;
    const again = performance.now();
    await this.#down(() => server.kill("node"));
    await this.#start(next, { what: "node", at: null, moment: again });
  }

  async #comesBack(): Promise<boolean> {
    const end = performance.now() + BY_ITSELF_MS;
    while (performance.now() < end) {
      const answer = await fetch(`${this.#rig.server.url}/readyz`).catch(() => null);
      if (answer?.status === 200) return true;
      await pause(50);
    }
    return false;
  }

  async #whileStarting(next: Kill | null): Promise<void> {
    const { server } = this.#rig;
    const moment = performance.now();
    await this.#down(() => server.kill("node"));
    const cut = cutAt(this.#load.take(), moment);
    this.records.push({ what: "node", at: null, cut, ready: null, restarted: true });
    server.launch();
    await pause(Math.random() * 800);
    await server.kill(Math.random() < 0.5 ? "tree" : "node");
    await this.#start(next, { what: "starting", at: null, moment: performance.now() });
  }

  async #atAnswer(next: Kill | null): Promise<void> {
    let moment = 0;
    let down: Promise<void> | undefined;
    const lease = await this.#load.lease(() =>
      this.#firstBytes(() => {
        moment = performance.now();
        down = this.#down(() => this.#rig.server.kill("node"));
      }),
    );
    this.halves[lease ? "whole" : "cut"] += 1;
    // Refused before there was a lease: it is a kill at a random moment then.
    if (!down) {
      moment = performance.now();
      await this.#down(() => this.#rig.server.kill("node"));
    }
    await down;
    await this.#start(next, { what: "answer", at: null, moment });
  }

  /** A create whose answer is met with `arrived` before any of its body is read. */
  #firstBytes(arrived: () => void): Promise<Answer> {
    const { server, project } = this.#rig;
    const headers = { ...project.wire.headers, "content-type": "application/json" };
    return new Promise((resolve, reject) => {
      const asked = send(`${server.url}/api/v1/dynamic-secrets/leases`, { method: "POST", headers }, (response) => {
        arrived();
        let text = "";
        response.setEncoding("utf8").on("data", (chunk) => {
          text += chunk;
        });
        response.on("error", reject);
        response.on("end", () => {
          const { statusCode: status = 0 } = response;
          resolve({ status, body: JSON.parse(text), text, requestId: "", headers: new Headers() });
        });
      });
      asked.on("error", reject);
      asked.end(JSON.stringify(leaseBody()));
    });
  }

  /** Keeps new requests back from the moment of death on. */
  async #down(death: () => Promise<void>): Promise<void> {
    this.#running = false;
    const dead = death();
    this.#load.close();
    this.#rig.journal.write({ is: "down" });
    await dead;
  }

  async #start(next: Kill | null, made: { what: Kill["what"]; at: string | null; moment: number }): Promise<void> {
    const { server, journal } = this.#rig;
    const sent = this.#load.take();
    const began = performance.now();
    const armed = next?.what === "step";
    const passing = String(1 + Math.floor(Math.random() * 3));
    if (armed) server.launch({ CRASH_AT_STEP: next.point, CRASH_AT_PASSING: passing }, KILLING);
    else server.launch();
    this.#running = !armed;
    this.#watch();
    let ready: number | null = null;
    try {
      await server.ready();
      ready = performance.now() - began;
      journal.write({ is: "up" });
      await this.#goOn();
    } catch (error) {
      // The sweeper may pass the step before anybody else does.
      if (!armed) throw error;
    }
    const { what, at, moment } = made;
    const cut = what === "step" ? cutByItself(sent) : cutAt(sent, moment);
    this.records.push({ what, at, cut, ready, restarted: true });
  }

  /** Notices an end that nobody asked for. */
  #watch(): void {
    const { server } = this.#rig;
    void server.ended().then((how) => {
      if (this.#running) this.#lost = String(how);
    });
  }

  /** What the server said last. */
  #words(): string {
    return this.#rig.server.output().slice(-1_500);
  }

  async #goOn(): Promise<void> {
    await this.#rig.signIn();
    await this.#load.clearUp();
    this.#load.open();
  }
}
