import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, cacheExchange, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { CancelDocument, OverviewDocument, PlansDocument } from "../generated/graphql.js";
import { as, hashOf, idsAlone, key, overheard, url } from "./portal.js";

function client(get: boolean) {
  const { sent, fetch } = overheard();
  const hashed = persistedExchange({
    enforcePersistedQueries: true,
    enableForMutation: true,
    preferGetForPersistedQueries: get,
    generateHash: async (_, document) => hashOf(document),
  });
  const urql = new Client({
    url,
    fetch,
    fetchOptions: { headers: as("reader") },
    exchanges: [cacheExchange, hashed, fetchExchange],
    preferGetMethod: get,
  });
  return { urql, sent };
}

test("urql reads by POST and by GET, with the document's hash and no text", async () => {
  for (const get of [false, true]) {
    const { urql, sent } = client(get);
    const plans = await urql.query(PlansDocument, {}).toPromise();
    assert.equal(plans.error, undefined);
    assert.ok(plans.data?.plans.length);
    const overview = await urql.query(OverviewDocument, { first: 2 }).toPromise();
    assert.equal(overview.error, undefined);
    assert.ok(overview.data?.viewer.customer.reference);
    assert.ok(idsAlone(sent));
    assert.deepEqual([...new Set(sent.map((each) => each.method))], [get ? "GET" : "POST"]);
  }
});

test("urql changes by POST even where it reads by GET", async () => {
  const { urql, sent } = client(true);
  const input = { subscriptionId: "subscription_x", timing: "NOW", idempotencyKey: key() } as const;
  const refused = await urql.mutation(CancelDocument, { input }).toPromise();
  assert.equal(refused.error, undefined);
  assert.equal(refused.data?.cancelSubscription.errors[0]?.code, "NOT_FOUND");
  assert.deepEqual(sent.map((each) => each.method), ["POST"]);
  assert.ok(idsAlone(sent));
});
