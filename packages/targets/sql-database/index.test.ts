import { after } from "node:test";
import { ordersBench, startOrders } from "../testing/orders.ts";
import { testTarget } from "../testing/test-target.ts";
import sqlDatabase from "./index.ts";

const orders = startOrders();
after(async () => (await orders).stop());

testTarget(sqlDatabase, "PostgreSQL 18 as superuser", async () => ordersBench(await orders, (await orders).superuser));
testTarget(sqlDatabase, "PostgreSQL 18 as an admin with CREATEROLE", async () =>
  ordersBench(await orders, (await orders).admin),
);
