import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { as, url } from "./portal.js";

const documents = JSON.parse(readFileSync("generated/relay-documents.json", "utf8")) as Record<string, string>;

function id(operation: string): string {
  const found = Object.entries(documents).find(([, text]) => text.includes(` ${operation}`));
  assert.ok(found, `the compiler wrote no document ${operation}`);
  return found[0];
}

async function ask(operation: string, variables: object) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { ...as("reader"), "Content-Type": "application/json" },
    body: JSON.stringify({ documentId: id(operation), variables }),
  });
  return (await answer.json()) as { data?: Record<string, any>; errors?: unknown[] };
}

test("what relay-compiler wrote runs by its ids: a page, the next page of a node, and a node by itself", async () => {
  const first = await ask("invoicesQuery", { first: 1 });
  assert.equal(first.errors, undefined);
  const customer = first.data?.["viewer"].customer;
  const { edges, pageInfo } = customer.invoices;
  assert.equal(edges.length, 1);
  const next = await ask("invoicesPageQuery", { id: customer.id, first: 1, after: pageInfo.endCursor });
  assert.equal(next.errors, undefined);
  assert.notEqual(next.data?.["node"].invoices.edges[0]?.node.id, edges[0].node.id);
  const row = await ask("invoicesRowQuery", { id: edges[0].node.id });
  assert.equal(row.data?.["node"].number, edges[0].node.number);
});
