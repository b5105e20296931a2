import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient, type RequestParams } from "graphql-sse";
import {
  CancelDocument,
  OverviewDocument,
  SubscriptionLiveDocument,
  type SubscriptionLiveSubscription,
} from "../generated/graphql.js";
import { as, hashOf, key, overheard, url } from "./portal.js";

const headers = as("listener");

function byHash(document: object, variables: Record<string, unknown>): RequestParams {
  const persistedQuery = { version: 1, sha256Hash: hashOf(document) };
  return { variables, extensions: { persistedQuery } } as unknown as RequestParams;
}

async function ask(document: object, variables: Record<string, unknown>) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify(byHash(document, variables)),
  });
  return ((await answer.json()) as { data: any }).data;
}

test("graphql-sse hears of a change, goes away and resumes after the last event it saw", async () => {
  const { customer } = (await ask(OverviewDocument, { first: 1 })).viewer;
  const subscriptionId = customer.subscriptions[0].id;
  const { sent, fetch } = overheard();
  const client = createClient({ url, headers, fetchFn: fetch, retryAttempts: 0 });

  const heard = client.iterate<SubscriptionLiveSubscription>(byHash(SubscriptionLiveDocument, {}));
  const opened = (await heard.next()).value?.data?.subscriptionUpdated;
  assert.equal(opened?.reason, "OPENED");
  const input = { subscriptionId, timing: "PERIOD_END", idempotencyKey: key() };
  assert.deepEqual((await ask(CancelDocument, { input })).cancelSubscription.errors, []);
  const told = (await heard.next()).value?.data?.subscriptionUpdated;
  assert.equal(told?.subscription?.id, subscriptionId);
  assert.ok(told?.subscription?.cancelAt);
  await heard.return?.();

  const resumed = client.iterate<SubscriptionLiveSubscription>(
    byHash(SubscriptionLiveDocument, { lastEventId: opened?.eventId }),
  );
  const missed = (await resumed.next()).value?.data?.subscriptionUpdated;
  assert.equal(missed?.eventId, told?.eventId);
  await resumed.return?.();
  client.dispose();
  assert.ok(sent.every((each) => each.method === "POST" && !each.body?.["query"]));
});
