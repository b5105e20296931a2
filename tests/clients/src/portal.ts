// Where the stack under test is, who asks, and an ear on every request that a client sends.

export interface Sent {
  method: string;
  url: URL;
  body: Record<string, unknown> | null;
}

function given(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must say where the stack is: run make clients.`);
  return value;
}

export const url = `${given("CLIENTS_API")}/graphql`;

/** The headers of one of the customers that the stack was given for these tests. */
export function as(customer: "buyer" | "reader" | "listener"): { Authorization: string } {
  return { Authorization: `Bearer ${given(`CLIENTS_${customer.toUpperCase()}`)}` };
}

/** The hash of a document, as the code generator wrote it into its manifest. */
export function hashOf(document: object): string {
  return (document as { __meta__: { hash: string } }).__meta__.hash;
}

/** A fetch that keeps what was sent, and is otherwise the real one. */
export function overheard(): { sent: Sent[]; fetch: typeof fetch } {
  const sent: Sent[] = [];
  return {
    sent,
    fetch: (target, options) => {
      const body = typeof options?.body === "string" ? (JSON.parse(options.body) as Record<string, unknown>) : null;
      sent.push({ method: options?.method ?? "GET", url: new URL(String(target)), body });
      return fetch(target, options);
    },
  };
}

/** Whether no text of a document left this machine: ids alone. */
export function idsAlone(sent: Sent[]): boolean {
  return sent.length > 0 && sent.every((each) => !each.body?.["query"] && !each.url.searchParams.has("query"));
}

export function key(): string {
  return `clients-${crypto.randomUUID()}`;
}
