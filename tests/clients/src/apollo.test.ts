import assert from "node:assert/strict";
import { test } from "node:test";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { AddMethodDocument, CancelDocument, OverviewDocument, PlansDocument, StartDocument } from "../generated/graphql.js";
import known from "../generated/possible-types.js";
import { advice, minorUnits, shown } from "./money.js";
import { as, hashOf, idsAlone, key, overheard, url } from "./portal.js";

function client(get: boolean) {
  const { sent, fetch } = overheard();
  const hashed = new PersistedQueryLink({
    // The hash that the manifest was written with; another one would be the hash of another text.
    generateHash: hashOf,
    useGETForHashedQueries: get,
  });
  const http = new HttpLink({ uri: url, fetch, headers: as("buyer") });
  const apollo = new ApolloClient({ link: ApolloLink.from([hashed, http]), cache: new InMemoryCache({ possibleTypes: known.possibleTypes }) });
  return { apollo, sent };
}

test("Apollo Client buys, reads what it bought and cancels by registered documents alone", async () => {
  const { apollo, sent } = client(false);
  const method = await apollo.mutate({
    mutation: AddMethodDocument,
    variables: { input: { token: "tok_visa", idempotencyKey: key() } },
  });
  assert.deepEqual(method.data?.addPaymentMethod.errors, []);
  const { data: list } = await apollo.query({ query: PlansDocument });
  const starter = list?.plans.find((plan) => plan.code === "starter");
  const price = starter?.prices.find((each) => each.interval.unit === "MONTH" && shown(each.amount).endsWith("EUR"));
  assert.ok(price && minorUnits(price.amount) > 0n);

  const input = { priceId: price.id, idempotencyKey: key() };
  const first = await apollo.mutate({ mutation: StartDocument, variables: { input } });
  const again = await apollo.mutate({ mutation: StartDocument, variables: { input } });
  const bought = first.data?.startSubscription;
  assert.ok(bought?.subscription && bought.invoice && bought.operation);
  assert.equal(again.data?.startSubscription.subscription?.id, bought.subscription.id);
  assert.equal(again.data?.startSubscription.operation?.replayed, true);

  const { data } = await apollo.query({
    query: OverviewDocument,
    variables: { first: 5, atLeast: bought.operation.consistencyToken },
  });
  const customer = data?.viewer.customer;
  assert.equal(customer?.subscriptions[0]?.state, "ACTIVE");
  const newest = customer.invoices?.edges[0]?.node;
  assert.equal(newest?.number, bought.invoice.number);
  assert.equal(minorUnits(newest.total), minorUnits(bought.invoice.total));

  const cancelled = await apollo.mutate({
    mutation: CancelDocument,
    variables: { input: { subscriptionId: bought.subscription.id, timing: "PERIOD_END", idempotencyKey: key() } },
  });
  assert.deepEqual(cancelled.data?.cancelSubscription.errors.map(advice), []);
  assert.ok(cancelled.data?.cancelSubscription.subscription?.cancelAt);
  assert.ok(idsAlone(sent) && sent.every((each) => each.method === "POST"));
});

test("a refusal is data of its union, typed by its name", async () => {
  const { apollo } = client(false);
  const refused = await apollo.mutate({
    mutation: CancelDocument,
    variables: { input: { subscriptionId: "subscription_x", timing: "NOW", idempotencyKey: key() } },
  });
  const [error] = refused.data?.cancelSubscription.errors ?? [];
  assert.equal(error?.__typename, "NotFoundError");
  assert.equal(error && advice(error), "tell");
});

test("Apollo Client reads by GET, with the document's hash and no text", async () => {
  const { apollo, sent } = client(true);
  const { data } = await apollo.query({ query: OverviewDocument, variables: { first: 1 } });
  assert.ok(data?.viewer.customer.id);
  assert.deepEqual(sent.map((each) => each.method), ["GET"]);
  assert.ok(idsAlone(sent));
});
