/** Refusals after which the same call may be sent again, under the same key. */
export const RETRY_CODES: ReadonlySet<string> = new Set(["IN_PROGRESS", "BUSY", "UNAVAILABLE"]);
/** Answers of HTTP after which the same holds: too slow, too many, and every fault of a server or what is before it. */
export const RETRY_STATUS: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
export const TRIES = 6;
export const FIRST_WAIT_MS = 250;
export const LONGEST_WAIT_MS = 8000;

export interface Refusal { code: string; message: string; retryable: boolean }
interface Payload { errors: Refusal[] }
interface Body { data?: Record<string, Payload> | null; errors?: { message: string; extensions?: { code?: string } }[] }

/** Nobody knows what became of the call: keep its key, and ask for the key's inspection or send it again later. */
export class OutcomeUnknown extends Error {}

export interface Door {
  url: string;
  headers: Record<string, string>;
  fetch?: typeof fetch;
  wait?: (ms: number) => Promise<void>;
}

/** Sends one intent until it is answered. `key` was made when the person decided, and stays the same for all tries. */
export async function change(door: Door, query: string, input: object, key: string): Promise<Payload> {
  const wait = door.wait ?? ((ms: number) => new Promise<void>((done) => setTimeout(done, ms)));
  const body = JSON.stringify({ query, variables: { input: { ...input, idempotencyKey: key } } });
  for (let tried = 0; tried < TRIES; tried += 1) {
    if (tried > 0) await wait(pause(tried));
    const answer = await once(door, body);
    if (answer) return answer;
  }
  throw new OutcomeUnknown(`No answer for ${key}.`);
}

/** The payload; null where the call is to be sent again as it is. */
async function once(door: Door, body: string): Promise<Payload | null> {
  const headers = { "Content-Type": "application/json", ...door.headers };
  let answer: Response, told: Body;
  try {
    answer = await (door.fetch ?? fetch)(door.url, { method: "POST", headers, body });
    if (RETRY_STATUS.has(answer.status)) return null;
    told = (await answer.json()) as Body;
  } catch {
    return null; // the answer was lost, or half of it: the call may well have been performed
  }
  const payload = Object.values(told.data ?? {})[0];
  if (!payload) {
    if (told.errors?.some((each) => RETRY_CODES.has(each.extensions?.code ?? ""))) return null;
    throw new Error(told.errors?.[0]?.message ?? `HTTP ${answer.status}`);
  }
  return payload.errors.some((each) => each.retryable || RETRY_CODES.has(each.code)) ? null : payload;
}

/** Half of a wait that doubles is fixed, half is chance, so that many clients do not come back together. */
export function pause(tried: number, chance = Math.random()): number {
  const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tried - 1));
  return most / 2 + (most / 2) * chance;
}
