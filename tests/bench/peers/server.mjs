// `node server.mjs KIND PORT`: one of the servers that the product is held against, over the bench's plain tables.
// Each is set up as its own documentation says for production; the pool is as large as the product's.
import http from "node:http";
import pg from "pg";
import DataLoader from "dataloader";

const [kind, port] = [process.argv[2], Number(process.argv[3])];
const pool = new pg.Pool({ max: 8 }); // PGHOST and its kin name the server

const typeDefs = `
  type Query { customer(id: ID!): Customer }
  type Customer { id: ID! currency: String! receivable: Int! credit: Int! invoices(first: Int!): [Invoice!]! }
  type Invoice { id: ID! number: String! state: String! issuedAt: String! total: Int! due: Int! currency: String!
                 lines: [Line!]! }
  type Line { description: String! amount: Int! currency: String! }
`;

async function rows(text, values, name) {
  return (await pool.query({ text, values, name })).rows;
}

async function customer(id) {
  const [found] = await rows("SELECT id, currency, receivable, credit FROM peer.customer WHERE id = $1", [id], "c");
  return found ?? null;
}

function invoices(id, first) {
  return rows(
    `SELECT id, number, state, issued_at AS "issuedAt", total, due, currency FROM peer.invoice
      WHERE customer_id = $1 ORDER BY issued_at DESC LIMIT $2`, [id, first], "i");
}

async function linesOf(ids) {
  const found = await rows(
    `SELECT invoice_id, description, amount, currency FROM peer.invoice_line
      WHERE invoice_id = ANY ($1::uuid[]) ORDER BY invoice_id, position`, [ids], "l");
  const of = new Map(ids.map((id) => [id, []]));
  for (const line of found) of.get(line.invoice_id).push(line);
  return ids.map((id) => of.get(id));
}

async function mercurius(jit) {
  const { default: fastify } = await import("fastify");
  const { default: plugin } = await import("mercurius");
  const app = fastify();
  app.get("/healthz", async () => ({}));
  app.register(plugin, {
    schema: typeDefs, jit, graphiql: false,
    resolvers: {
      Query: { customer: (_, { id }) => customer(id) },
      Customer: { invoices: (of, { first }) => invoices(of.id, first) },
      Invoice: { issuedAt: (of) => of.issuedAt.toISOString() },
    },
    loaders: { Invoice: { lines: async (asked) => linesOf(asked.map(({ obj }) => obj.id)) } },
  });
  await app.listen({ port, host: "127.0.0.1" });
}

async function yoga() {
  const { createYoga, createSchema } = await import("graphql-yoga");
  const schema = createSchema({
    typeDefs,
    resolvers: {
      Query: { customer: (_, { id }) => customer(id) },
      Customer: { invoices: (of, { first }) => invoices(of.id, first) },
      Invoice: {
        issuedAt: (of) => of.issuedAt.toISOString(),
        lines: (of, _, context) => context.lines.load(of.id),
      },
    },
  });
  const context = () => ({ lines: new DataLoader(linesOf) });
  listen(createYoga({ schema, context, graphiql: false, logging: false, landingPage: false }));
}

async function postgraphile() {
  const { postgraphile: make } = await import("postgraphile");
  const { makeV4Preset } = await import("postgraphile/presets/v4");
  const { grafserv } = await import("postgraphile/grafserv/node");
  const { makePgService } = await import("postgraphile/adaptors/pg");
  const service = make({
    extends: [makeV4Preset({ graphiql: false, disableDefaultMutations: true })],
    pgServices: [makePgService({ pool, schemas: ["peer"] })],
    grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false },
    grafast: { explain: false },
  });
  const own = http.createServer();
  await service.createServ(grafserv).addTo(own);
  listen((request, response) => own.emit("request", request, response));
}

function listen(answer) {
  http.createServer((request, response) => {
    if (request.url === "/healthz") return response.end("{}");
    return answer(request, response);
  }).listen(port, "127.0.0.1");
}

const kinds = { postgraphile, yoga, mercurius: () => mercurius(0), "mercurius-jit": () => mercurius(1) };
await kinds[kind]();
