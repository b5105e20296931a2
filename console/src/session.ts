// Who sits at the desk. The cookies are the server's: no script sees or names them.

export type Surface = "staff" | "acting";
export type Role = "support" | "lead" | "finance" | "admin";

export interface Acting {
  customerId: string;
  staff: string;
  reason: string;
  until: string;
  mayWrite: boolean;
}

export interface SignedIn {
  surface: Surface;
  signedIn: true;
  subject: string;
  roles: Role[];
  assurance: string | null;
  expiresAt: string;
  loginUrl: string;
  logoutUrl: string;
  acting: Acting | null;
}

export interface SignedOut {
  surface: Surface;
  signedIn: false;
  loginUrl: string;
}

export type Session = SignedIn | SignedOut;

export const CSRF = "X-Quittance-CSRF";
const HERE = "/console/";

/** The session of that cookie; always answered. */
export async function whoIs(surface: Surface): Promise<Session> {
  const answer = await fetch(`/session/${surface}`, { credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) throw new Error(`The session could not be read (${answer.status}).`);
  return (await answer.json()) as Session;
}

/** Leaves for the identity provider, which comes back here. */
export function signIn(stepUp?: { maxAgeSeconds: number; acrValues: string }): void {
  const asked = new URLSearchParams({ return_to: HERE });
  if (stepUp) {
    asked.set("max_age", String(stepUp.maxAgeSeconds));
    if (stepUp.acrValues) asked.set("acr", stepUp.acrValues);
  }
  location.assign(`/login/staff?${asked}`);
}

/** Ends the session; what the browser kept of it is gone before the page is left. */
export async function signOut(): Promise<void> {
  const { redirect } = await post<{ redirect: string | null }>("/logout/staff", "staff", { returnTo: HERE });
  location.assign(redirect ?? HERE);
}

/** Begins to act for a customer; refused with one sentence. */
export function actFor(customerId: string, reason: string, minutes: number, write: boolean): Promise<SignedIn> {
  return post("/acting", "staff", { customerId, reason, minutes, write });
}

/** Stops acting; the desk's own session goes on. */
export async function stopActing(): Promise<void> {
  await post("/logout/acting", "acting", {});
}

/** What the door said instead of yes, in a sentence for the person at the desk. */
export class Said extends Error {}

async function post<T>(path: string, surface: Surface, body: object): Promise<T> {
  const answer = await fetch(path, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", Accept: "application/json", [CSRF]: surface },
    body: JSON.stringify(body),
  });
  const said = await answer.json().catch(() => null);
  if (!answer.ok) throw new Said(sentence(said) ?? `It was not done (${answer.status}).`);
  return said as T;
}

function sentence(said: unknown): string | null {
  if (typeof said !== "object" || said === null) return null;
  if ("message" in said && typeof said.message === "string") return said.message;
  if ("errors" in said && Array.isArray(said.errors)) return said.errors[0]?.message ?? null;
  return null;
}
