// How the page speaks to /graphql: with the cookie of the surface in use, and an ear for what concerns the session.
import type { Fetcher, FetcherParams, FetcherResultPayload } from "@graphiql/toolkit";
import { CSRF, type Surface } from "./session";

export interface StepUp {
  maxAgeSeconds: number;
  acrValues: string;
}

export interface Heard {
  signedOut(): void;
  stepUp(asked: StepUp): void;
  answered(answer: unknown): void;
}

/** A fetcher for GraphiQL; answers are passed on as they are. */
export function door(surface: Surface, heard: Heard): Fetcher {
  return async (asked: FetcherParams) => {
    const answer = await fetch("/graphql", {
      method: "POST",
      credentials: "same-origin",
      cache: "no-store",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/graphql-response+json, application/json;q=0.9",
        [CSRF]: surface,
      },
      body: JSON.stringify(asked),
    });
    if (answer.status === 401) heard.signedOut();
    const body = (await answer.json()) as FetcherResultPayload;
    if (asked.operationName !== "IntrospectionQuery") heard.answered(body);
    const stepUp = wanted(body);
    if (stepUp) heard.stepUp(stepUp);
    return body;
  };
}

// What is asked for where a document does not select what the refusal says: a sign-in now, with two factors.
const STRONG = "aal2";

/** What a refusal for an old or weak sign-in asks for, wherever in the answer it stands. */
function wanted(held: unknown): StepUp | null {
  if (typeof held !== "object" || held === null) return null;
  if ("code" in held && held.code === "STEP_UP_REQUIRED") {
    const { maxAgeSeconds, acrValues } = held as Partial<StepUp>;
    return { maxAgeSeconds: maxAgeSeconds ?? 0, acrValues: acrValues ?? STRONG };
  }
  for (const each of Object.values(held)) {
    const found = wanted(each);
    if (found) return found;
  }
  return null;
}

const ID = /^[a-z]+_[0-9a-z]{20,40}$/;

/** Ids seen in answers, newest first; they are offered where a document asks for one, and gone with the page. */
export class Seen {
  private readonly ids = new Set<string>();

  add(held: unknown): void {
    if (typeof held === "string" && ID.test(held)) {
      this.ids.delete(held);
      this.ids.add(held);
    } else if (typeof held === "object" && held !== null) {
      Object.values(held).forEach((each) => this.add(each));
    }
  }

  of(prefix: string): string[] {
    return [...this.ids].filter((id) => id.startsWith(`${prefix}_`)).reverse();
  }
}
