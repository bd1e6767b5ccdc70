/** What a reader with rights on some paths alone gets to see. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are part of it
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Caller, environments, folders, type Store, secretImports, secrets } from "@dayfly/store";
import type { Spot } from "../access/rules.ts";
import type { Ask } from "../handler.ts";
import { type TestServer, testServer } from "../testing/server.ts";
import { importedInto } from "./imports.ts";
import { Reader } from "./reader.ts";

let server: TestServer;
let store: Store;
let home: { projectId: string; environmentId: string };
before(async () => {
  server = await testServer();
  store = server.running.store;
  const body = { projectName: "Reader", slug: "reader" };
  const { project } = (await server.call("POST", "/api/v2/workspace", { token: server.admin, body })).body;
  home = { projectId: project.id, environmentId: (await environments.bySlug(store, project.id, "prod")).id };
  await put("/open", { A: "${prod.closed.SECRET} ${prod.open.B} ${prod.open.HIDDEN}", B: "b", HIDDEN: "canary-name" });
  await put("/closed", { SECRET: "canary-closed", THROUGH: "${prod.open.B}" });
  await put("/between", { T: "t" });
});
after(() => server?.stop());

const caller: Caller = {
  actor: { type: "identity", id: crypto.randomUUID(), name: "reader" },
  requestId: "reader",
  ip: null,
  userAgent: null,
};

async function put(path: string, values: Record<string, string>): Promise<folders.Folder> {
  return store.transaction(async (tx) => {
    const folder = await folders.ensure(tx, home, path);
    for (const [key, value] of Object.entries(values)) await secrets.create(tx, folder, key, { value });
    return folder;
  });
}

async function link(into: folders.Folder, path: string): Promise<void> {
  const source = { environmentId: home.environmentId, path };
  await store.transaction((tx) => secretImports.create(tx, into, source));
}

/** Reads where `may` lets, asking under "prod:/open". */
function reader(may: (spot: Spot) => boolean) {
  const noted: string[] = [];
  const mayRead: Ask["may"] = (action, subject, spot) => action === "read" && subject === "secrets" && may(spot ?? {});
  const made = new Reader(store, {
    may: mayRead,
    mayWithSome: mayRead,
    caller,
    place: { projectId: home.projectId, environment: "prod", path: "/open" },
    note: ({ alsoRead = [] }) => void noted.splice(0, noted.length, ...alsoRead),
  });
  return { reader: made, noted };
}

const anyone = { mayReadIn: () => true, mayReadOne: () => true };
const wish = { viewSecretValue: true, expandSecretReferences: true };
const open = ({ path, name }: { path?: string; name?: string }) => path === "/open" && name !== "HIDDEN";

test("a reference to what the reader may not read stays as written, and is not told from one that leads nowhere", async () => {
  const { reader: it, noted } = reader(open);
  const row = (await secrets.at(store, home.projectId, { environment: "prod", path: "/open", key: "A" }))!;
  const [shown] = await it.present(await it.open([row], wish), wish);
  assert.equal(shown!.secretValue, "${prod.closed.SECRET} b ${prod.open.HIDDEN}");
  assert.deepEqual(noted, ["prod:/open:B"]);
  const { reader: other } = reader(() => true);
  const [full] = await other.present(await other.open([row], wish), wish);
  assert.equal(full!.secretValue, "canary-closed b canary-name");
});

test("imports that the reader may not read are left out with all that lies behind them", async () => {
  const app = await put("/app", {});
  const between = await folders.byPath(store, home.environmentId, "/between");
  await link(app, "/closed");
  await link(app, "/between");
  await link(between, "/open");
  const keys = async (may: Parameters<typeof reader>[0]) =>
    (await importedInto(store, app.id, reader(may).reader)).map(({ path, secrets: held }) => [
      path,
      ...held.map(({ key }) => key),
    ]);
  assert.deepEqual(await keys(() => true), [
    ["/closed", "SECRET", "THROUGH"],
    ["/between", "T", "A", "B", "HIDDEN"],
  ]);
  assert.deepEqual(await keys(({ path }) => path === "/between"), [["/between", "T"]]);
  assert.deepEqual(await keys(({ path, name }) => path !== "/closed" && name !== "HIDDEN"), [
    ["/between", "T", "A", "B"],
  ]);
  assert.deepEqual(await keys(open), []);
});

test("metadata decides over what references and imports bring", async () => {
  const marked = await put("/marked", { PLAIN: "plain", REFERS: "${prod.marked.PLAIN} ${prod.marked.SEALED}" });
  const metadata = [{ key: "for", value: "few" }];
  await store.transaction((tx) => secrets.create(tx, marked, "SEALED", { value: "canary-few", metadata }));
  await link(await put("/marking", {}), "/marked");
  const into = await folders.byPath(store, home.environmentId, "/marking");
  const { reader: it, noted } = reader((spot) => !spot.metadata?.some(({ value }) => value === "few"));
  const [entry] = await importedInto(store, into.id, it);
  const shown = await it.present(await it.open(entry!.secrets, wish), wish);
  assert.deepEqual(
    shown.map(({ secretKey, secretValue }) => [secretKey, secretValue]),
    [
      ["PLAIN", "plain"],
      ["REFERS", "plain ${prod.marked.SEALED}"],
    ],
  );
  assert.deepEqual(noted, ["prod:/marked:PLAIN"]);
});

test("many ways to one folder bring its secrets into the answer once beside each direct import", async () => {
  const hub = await put("/hub", { H: "h" });
  await link(hub, "/open");
  const many = await put("/many", {});
  for (let at = 0; at < 5; at += 1) {
    const way = await put(`/way${at}`, { [`W${at}`]: "w" });
    await link(way, "/hub");
    await link(many, `/way${at}`);
  }
  const entries = await importedInto(store, many.id, anyone);
  assert.deepEqual(
    entries.map(({ secrets: held }) => held.map(({ key }) => key)),
    [["W0"], ["W1"], ["W2"], ["W3"], ["W4", "H", "A", "B", "HIDDEN"]],
  );
});

test("an environment that is being deleted is imported from no more", async () => {
  const place = { projectId: home.projectId };
  const app = await put("/from-dev", {});
  const dev = await environments.bySlug(store, home.projectId, "dev");
  await store.transaction(async (tx) => {
    const folder = await folders.ensure(tx, { ...place, environmentId: dev.id }, "/");
    await secrets.create(tx, folder, "DEV", { value: "v" });
    await secretImports.create(tx, app, { environmentId: dev.id, path: "/" });
  });
  assert.equal((await importedInto(store, app.id, anyone)).length, 1);
  await store.sql.updateTable("environments").set({ deleting: true }).where("id", "=", dev.id).execute();
  assert.deepEqual(await importedInto(store, app.id, anyone), []);
});
