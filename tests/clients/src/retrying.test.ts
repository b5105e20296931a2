import assert from "node:assert/strict";
import { test } from "node:test";
import { FIRST_WAIT_MS, LONGEST_WAIT_MS, OutcomeUnknown, TRIES, change, pause } from "./retrying.js";
import { as, key, url } from "./portal.js";

const ADD = `mutation ($input: AddPaymentMethodInput!) { addPaymentMethod(input: $input) {
  operation { id replayed } errors { __typename ... on UserError { code message retryable } } } }`;

interface Added { operation: { id: string; replayed: boolean } | null; errors: { code: string }[] }

/** A network that loses that many answers of calls that arrived, and keeps what was sent. */
function losing(answers: number): { sent: string[]; fetch: typeof fetch } {
  const sent: string[] = [];
  return {
    sent,
    fetch: async (to, init) => {
      sent.push(String(init?.body));
      const answer = await fetch(to, init);
      if (sent.length <= answers) throw new TypeError("the answer was lost");
      return answer;
    },
  };
}

test("a change whose answers are lost is sent again under its key, and performed once", async () => {
  const { sent, fetch } = losing(2);
  const waits: number[] = [];
  const door = { url, headers: as("buyer"), fetch, wait: async (ms: number) => void waits.push(ms) };
  const done = (await change(door, ADD, { token: "tok_visa" }, key())) as unknown as Added;
  assert.deepEqual(done.errors, []);
  assert.equal(done.operation?.replayed, true);
  assert.equal(sent.length, 3);
  assert.equal(new Set(sent).size, 1);
  assert.equal(waits.length, 2);
});

test("a key that was used for something else is refused and not sent again", async () => {
  const { sent, fetch } = losing(0);
  const door = { url, headers: as("buyer"), fetch, wait: async () => {} };
  const used = key();
  await change(door, ADD, { token: "tok_visa" }, used);
  const refused = (await change(door, ADD, { token: "tok_mastercard" }, used)) as unknown as Added;
  assert.deepEqual(refused.errors.map((each) => each.code), ["IDEMPOTENCY_MISMATCH"]);
  assert.equal(sent.length, 2);
});

test("a client that hears nothing says that the outcome is unknown, after bounded waits", async () => {
  const { sent, fetch } = losing(TRIES);
  const door = { url, headers: as("buyer"), fetch, wait: async () => {} };
  await assert.rejects(change(door, ADD, { token: "tok_visa" }, key()), OutcomeUnknown);
  assert.equal(sent.length, TRIES);
  assert.equal(pause(1, 0), FIRST_WAIT_MS / 2);
  assert.equal(pause(50, 1), LONGEST_WAIT_MS);
});
