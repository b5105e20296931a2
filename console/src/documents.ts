// The desk's saved documents: plain .graphql files whose first comment says what they are for.
import { Kind, parse, type OperationDefinitionNode, type TypeNode } from "graphql";
import type { Role } from "./session";

export interface Blank {
  name: string;
  /** The type without its exclamation mark. */
  type: string;
  list: boolean;
  required: boolean;
  about: string;
  preset: string;
}

export interface Saved {
  name: string;
  title: string;
  group: string;
  about: string;
  /** Empty: everybody at the desk. */
  roles: Role[];
  acting: boolean;
  changes: boolean;
  blanks: Blank[];
  text: string;
}

const texts = import.meta.glob<string>("../documents/*.graphql", { query: "?raw", import: "default", eager: true });

/** All of them, in the order of their file names. */
export const saved: Saved[] = Object.entries(texts)
  .sort(([one], [other]) => one.localeCompare(other, "en"))
  .map(([, text]) => read(text));

/** Those that this person may use; while acting only what a customer can ask. */
export function offered(roles: Role[], acting: boolean): Saved[] {
  return saved.filter(
    (each) => each.acting === acting && (!each.roles.length || each.roles.some((role) => roles.includes(role))),
  );
}

function read(text: string): Saved {
  const lines = text.split("\n");
  const head = lines.slice(0, lines.findIndex((line) => !line.startsWith("#")));
  const words = head.map((line) => line.replace(/^#\s?/, ""));
  const said = (word: string) => words.find((line) => line.startsWith(`${word}: `))?.slice(word.length + 2) ?? "";
  const group = said("group");
  const operation = parse(text).definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION);
  if (!operation) throw new Error(`The document ${words[0]} has no operation.`);
  return {
    name: operation.name?.value ?? "",
    title: words[0] ?? "",
    group,
    about: words.slice(1).filter((line) => !/^(group|roles): /.test(line)).join(" ").trim(),
    roles: said("roles").split(/,\s*/).filter(Boolean) as Role[],
    acting: group === "The customer's portal",
    changes: operation.operation === "mutation",
    blanks: blanksOf(operation, lines),
    text: lines.slice(head.length).join("\n").trim() + "\n",
  };
}

function blanksOf(operation: OperationDefinitionNode, lines: string[]): Blank[] {
  return (operation.variableDefinitions ?? []).map((each) => {
    const line = (each.loc?.startToken.line ?? 1) - 1;
    const above = lines[line - 1]?.trim() ?? "";
    const preset = each.defaultValue;
    return {
      name: each.variable.name.value,
      ...shape(each.type),
      about: above.startsWith("#") ? above.replace(/^#\s?/, "") : "",
      preset: preset && "value" in preset ? String(preset.value) : "",
    };
  });
}

function shape(type: TypeNode): Pick<Blank, "type" | "list" | "required"> {
  if (type.kind === Kind.NON_NULL_TYPE) return { ...shape(type.type), required: true };
  if (type.kind === Kind.LIST_TYPE) return { ...shape(type.type), list: true, required: false };
  return { type: type.name.value, list: false, required: false };
}
