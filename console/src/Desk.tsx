// GraphiQL with the desk's menu beside it.
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { GraphiQL } from "graphiql";
import { useMemo, useState } from "react";
import { ActFor } from "./ActFor";
import { Bar } from "./Bar";
import { door, Seen, type StepUp } from "./door";
import { atTheDesk, inThisPageAlone } from "./memory";
import { menu } from "./Menu";
import type { Acting, SignedIn } from "./session";

const WELCOME = `# The desk's documents are in the menu on the left. This is for everything else:
# write a document, or put one together in the explorer. Ctrl-Enter runs it.

`;

interface Asked {
  staff: SignedIn;
  acting: Acting | null;
  signedOut(): void;
}

export function Desk({ staff, acting, signedOut }: Asked) {
  const [stepUp, setStepUp] = useState<StepUp | null>(null);
  const [choosing, setChoosing] = useState(false);
  const [seen] = useState(() => new Seen());
  const desk = useMemo(() => {
    const surface = acting ? "acting" : "staff";
    const fetcher = door(surface, { signedOut, stepUp: setStepUp, answered: (answer) => seen.add(answer) });
    const plugins = [menu(staff.roles, acting !== null, seen), explorerPlugin(), HISTORY_PLUGIN];
    return { fetcher, plugins, storage: acting ? inThisPageAlone() : atTheDesk() };
  }, []);
  return (
    <>
      <Bar staff={staff} acting={acting !== null} stepUp={stepUp} actFor={() => setChoosing(true)} />
      <div className="desk">
        <GraphiQL
          fetcher={desk.fetcher}
          plugins={desk.plugins}
          storage={desk.storage}
          {...(desk.plugins[0] ? { visiblePlugin: desk.plugins[0] } : {})}
          defaultQuery={WELCOME}
          isHeadersEditorEnabled={false}
          showPersistHeadersSettings={false}
          defaultEditorToolsVisibility="variables"
        >
          <GraphiQL.Logo>
            <span />
          </GraphiQL.Logo>
        </GraphiQL>
      </div>
      {choosing && <ActFor roles={staff.roles} seen={seen} close={() => setChoosing(false)} />}
    </>
  );
}
