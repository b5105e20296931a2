// The page as a whole: nobody there yet, somebody at the desk, or somebody at the desk who acts for a customer.
import { useEffect, useState } from "react";
import { Banner } from "./Banner";
import { Desk } from "./Desk";
import { forget } from "./memory";
import { signIn, whoIs, type SignedIn } from "./session";

type Found = { staff: SignedIn; acting: SignedIn | null } | "nobody" | "looking" | "away";

export function Console() {
  const [found, setFound] = useState<Found>("looking");
  useEffect(() => {
    look().then(setFound, () => setFound("away"));
  }, []);
  if (new URLSearchParams(location.search).has("again")) return <SignedInAgain />;
  if (found === "looking") return null;
  if (found === "away") return <Card title="The desk cannot be reached">Reload the page in a moment.</Card>;
  if (found === "nobody") return <SignIn />;
  const { staff, acting } = found;
  const over = () => {
    forget();
    setFound("nobody");
  };
  return (
    <div className={acting ? "page acting" : "page"}>
      {acting?.acting && <Banner acting={acting.acting} />}
      <Desk key={acting ? "acting" : "desk"} staff={staff} acting={acting?.acting ?? null} signedOut={over} />
    </div>
  );
}

async function look(): Promise<Found> {
  const staff = await whoIs("staff");
  if (!staff.signedIn) return "nobody";
  const acting = await whoIs("acting");
  return { staff, acting: acting.signedIn && acting.acting ? acting : null };
}

function SignIn() {
  return (
    <Card title="Quittance desk">
      <p>For support, leads and finance. What you do here is written down under your name.</p>
      <button className="main" onClick={() => signIn()}>
        Sign in
      </button>
    </Card>
  );
}

function SignedInAgain() {
  return (
    <Card title="You have signed in again">
      <p>Close this tab, go back to the one before and run it again: its key is still the same, so it counts once.</p>
    </Card>
  );
}

function Card({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <main className="card">
      <h1>{title}</h1>
      {typeof children === "string" ? <p>{children}</p> : children}
    </main>
  );
}
