// What GraphiQL may keep, and where.
//
// At the desk the browser keeps texts of documents, so that work is not lost by a reload; never variables, headers,
// answers or what was written between quotes, which hold names, addresses and ids of people. While somebody acts for a
// customer nothing is kept at all.

export interface Keeper {
  readonly length: number;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
  clear(): void;
}

const PREFIX = "graphiql:";
const THEME = `${PREFIX}theme`;
const NEVER = new Set(["query", "variables", "headers", "favorites", "shouldPersistHeaders"]);
const PRIVATE = new Set(["variables", "headers", "response", "hash", "label"]);
const WRITTEN = /"""[^]*?"""|"(?:[^"\\\n]|\\.)*"/g;

let over = false;

/** Keeps for as long as the page is open. */
export function inThisPageAlone(): Keeper {
  const kept = new Map<string, string>();
  return {
    get length() {
      return kept.size;
    },
    getItem: (key) => kept.get(key) ?? (key === THEME ? localStorage.getItem(key) : null),
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    clear: () => kept.clear(),
  };
}

/** Keeps texts in the browser and everything else in the page. */
export function atTheDesk(): Keeper {
  const page = inThisPageAlone();
  return {
    get length() {
      return page.length;
    },
    getItem: (key) => page.getItem(key) ?? localStorage.getItem(key),
    setItem(key, value) {
      page.setItem(key, value);
      const name = key.slice(PREFIX.length);
      if (!over && !NEVER.has(name)) localStorage.setItem(key, withoutPrivate(value));
    },
    removeItem(key) {
      page.removeItem(key);
      localStorage.removeItem(key);
    },
    clear() {
      page.clear();
      forget();
    },
  };
}

/** Takes away everything that a browser can keep of this page, which keeps nothing from then on. */
export function forget(): void {
  over = true; // the editor writes a moment after somebody typed, and would do so after its end as well
  localStorage.clear();
  sessionStorage.clear();
}

function withoutPrivate(value: string): string {
  if (!/^[{[]/.test(value)) return value;
  try {
    return JSON.stringify(JSON.parse(value), kept);
  } catch {
    return "";
  }
}

function kept(name: string, held: unknown): unknown {
  if (PRIVATE.has(name)) return null;
  return name === "query" && typeof held === "string" ? held.replace(WRITTEN, '""') : held;
}
