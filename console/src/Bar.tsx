// The line above the desk: who sits there, and the ways out.
import type { StepUp } from "./door";
import { forget } from "./memory";
import { signOut, type SignedIn } from "./session";

interface Asked {
  staff: SignedIn;
  acting: boolean;
  stepUp: StepUp | null;
  actFor(): void;
}

export function Bar({ staff, acting, stepUp, actFor }: Asked) {
  const leave = () => {
    forget();
    void signOut();
  };
  return (
    <nav className="bar" aria-label="Desk">
      <span className="name">Quittance desk</span>
      {stepUp && (
        <a className="step-up" href={again(stepUp)} target="_blank" rel="noopener">
          This needs a fresh sign-in: sign in again, then run it once more
        </a>
      )}
      <span className="person">
        {staff.subject} <small>{staff.roles.join(", ")}</small>
      </span>
      {!acting && <button onClick={actFor}>Act for a customer</button>}
      <button onClick={leave}>Sign out</button>
    </nav>
  );
}

/** In a tab of its own, so that what is written here, and its key, is still there afterwards. */
function again({ maxAgeSeconds, acrValues }: StepUp): string {
  const asked = new URLSearchParams({ return_to: "/console/?again", max_age: String(maxAgeSeconds) });
  if (acrValues) asked.set("acr", acrValues);
  return `/login/staff?${asked}`;
}
