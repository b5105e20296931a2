// The menu of saved documents: choose one, fill its blanks, run it.
import { useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from "@graphiql/react";
import { isEnumType, type GraphQLSchema } from "graphql";
import { useId, useState, type FormEvent } from "react";
import { offered, type Blank, type Saved } from "./documents";
import type { Seen } from "./door";
import type { Role } from "./session";

const KEY = "IdempotencyKey";

/** The menu as a plugin of GraphiQL, for what these roles may do. */
export function menu(roles: Role[], acting: boolean, seen: Seen): GraphiQLPlugin {
  const documents = offered(roles, acting);
  return { title: "Menu", icon: Icon, content: () => <Menu documents={documents} seen={seen} /> };
}

function Icon() {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M3 5h14M3 10h14M3 15h9" strokeLinecap="round" />
    </svg>
  );
}

function Menu({ documents, seen }: { documents: Saved[]; seen: Seen }) {
  const [open, setOpen] = useState("");
  const groups = [...new Set(documents.map((each) => each.group))];
  return (
    <section className="menu" aria-label="Saved documents">
      {groups.map((group) => (
        <div key={group}>
          <h3>{group}</h3>
          {documents
            .filter((each) => each.group === group)
            .map((each) => (
              <div key={each.name} className={each.name === open ? "entry open" : "entry"}>
                <button
                  className="title"
                  aria-expanded={each.name === open}
                  onClick={() => setOpen(each.name === open ? "" : each.name)}
                >
                  {each.title}
                  {each.changes && <small>changes</small>}
                </button>
                {each.name === open && <Form document={each} seen={seen} />}
              </div>
            ))}
        </div>
      ))}
    </section>
  );
}

function Form({ document, seen }: { document: Saved; seen: Seen }) {
  const [key, setKey] = useState(mint);
  const show = useShow();
  // Until the editors are there nothing would be shown or asked.
  const ready = useGraphiQL((state) => Boolean(state.queryEditor && state.variableEditor && state.responseEditor));
  const run = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    show(document, filled(document.blanks, new FormData(event.currentTarget), key));
  };
  // The same words under the same key count once; other words are another intent.
  return (
    <form onSubmit={run} onChange={() => setKey(mint())}>
      {document.about && <p>{document.about}</p>}
      {document.blanks.map((blank) =>
        blank.type === KEY ? (
          <p key={blank.name} className="key">
            Key <code>{key}</code>{" "}
            <button type="button" onClick={() => setKey(mint())}>
              new
            </button>
          </p>
        ) : (
          <Field key={blank.name} blank={blank} seen={seen} />
        ),
      )}
      <button className="main" disabled={!ready}>
        Run
      </button>
    </form>
  );
}

function Field({ blank, seen }: { blank: Blank; seen: Seen }) {
  const schema = useGraphiQL((state) => state.schema);
  const id = useId();
  const values = choices(schema, blank.type);
  const given = { name: blank.name, required: blank.required };
  if (blank.type === "Boolean") {
    return (
      <label className="tick">
        <input name={blank.name} type="checkbox" defaultChecked={blank.preset === "true"} /> {blank.about || blank.name}
      </label>
    );
  }
  return (
    <label>
      <span>
        {blank.about || blank.name}
        {!blank.required && <small> (may stay empty)</small>}
      </span>
      {values ? (
        <select {...given} defaultValue={blank.preset}>
          {!blank.required && <option value="" />}
          {values.map((value) => (
            <option key={value}>{value}</option>
          ))}
        </select>
      ) : (
        <Line given={given} blank={blank} ids={blank.type === "ID" ? seen.of(prefixOf(blank.name)) : []} list={id} />
      )}
    </label>
  );
}

function Line(asked: { given: { name: string; required: boolean }; blank: Blank; ids: string[]; list: string }) {
  const { given, blank, ids, list } = asked;
  return (
    <>
      <input
        {...given}
        list={list}
        type={blank.type === "Int" ? "number" : "text"}
        defaultValue={blank.preset || (blank.required ? (ids[0] ?? "") : "")}
        autoComplete="off"
        spellCheck={false}
      />
      <datalist id={list}>
        {ids.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </>
  );
}

/** Shows a document with its variables and runs it, in the tab that shows it already or in a new one. */
function useShow(): (document: Saved, variables: object) => void {
  const { addTab, run, setOperationName } = useGraphiQLActions();
  const { queryEditor, variableEditor } = useGraphiQL((state) => state);
  return ({ name, text }, variables) => {
    const shown = queryEditor?.getValue() ?? "";
    if (shown.trim() && !shown.startsWith("#") && shown !== text) addTab();
    queryEditor?.setValue(text);
    variableEditor?.setValue(JSON.stringify(variables, null, 2));
    // GraphiQL reads a text for its operations a moment after it was written; until then it knows those of before.
    setOperationName(name);
    setTimeout(run);
  };
}

function filled(blanks: Blank[], given: FormData, key: string): Record<string, unknown> {
  return Object.fromEntries(
    blanks
      .map((blank) => [blank.name, blank.type === KEY ? key : value(blank, given)] as const)
      .filter(([, held]) => held !== undefined),
  );
}

function value(blank: Blank, given: FormData): unknown {
  if (blank.type === "Boolean") return given.get(blank.name) === "on";
  const text = String(given.get(blank.name) ?? "").trim();
  if (!text) return undefined;
  if (blank.list) return text.split(/[\s,]+/);
  return blank.type === "Int" ? Number(text) : text;
}

function choices(schema: GraphQLSchema | null | undefined, type: string): string[] | null {
  const found = schema?.getType(type);
  return isEnumType(found) ? found.getValues().map((each) => each.name) : null;
}

function prefixOf(name: string): string {
  return name.replace(/Ids?$/, "").toLowerCase();
}

function mint(): string {
  return `desk-${crypto.randomUUID()}`;
}
