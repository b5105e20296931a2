// Beginning to act for a customer: whom, why and for how long. The page starts anew with nothing of the desk in it.
import { useEffect, useRef, useState, type FormEvent } from "react";
import type { Seen } from "./door";
import { actFor, Said, type Role } from "./session";

const MAY_WRITE: Role[] = ["lead", "admin"];

interface Asked {
  roles: Role[];
  seen: Seen;
  close(): void;
}

export function ActFor({ roles, seen, close }: Asked) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [trouble, setTrouble] = useState("");
  useEffect(() => dialog.current?.showModal(), []);
  const begin = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    actFor(
      String(given.get("customer")).trim(),
      String(given.get("reason")).trim(),
      Number(given.get("minutes")),
      given.get("write") === "on",
    ).then(
      () => location.reload(),
      (error: unknown) => setTrouble(error instanceof Said ? error.message : "The desk cannot be reached."),
    );
  };
  return (
    <dialog ref={dialog} className="act-for" onClose={close} aria-label="Act for a customer">
      <form onSubmit={begin}>
        <h2>Act for a customer</h2>
        <p>You see the portal as the customer does. The customer's log shows your name and the reason.</p>
        <label>
          Customer
          <input
            name="customer"
            required
            pattern="\s*customer_[0-9a-z]+\s*"
            list="seen-customers"
            defaultValue={seen.of("customer")[0] ?? ""}
            autoComplete="off"
          />
        </label>
        <datalist id="seen-customers">
          {seen.of("customer").map((id) => (
            <option key={id} value={id} />
          ))}
        </datalist>
        <label>
          Reason
          <input name="reason" required minLength={3} maxLength={500} autoComplete="off" />
        </label>
        <label>
          Minutes
          <input name="minutes" type="number" min={1} max={30} defaultValue={15} required />
        </label>
        {roles.some((role) => MAY_WRITE.includes(role)) && (
          <label className="tick">
            <input name="write" type="checkbox" /> Also change things in the customer's name
          </label>
        )}
        {trouble && <p className="trouble">{trouble}</p>}
        <div className="row">
          <button type="button" onClick={() => dialog.current?.close()}>
            Back
          </button>
          <button className="main">Begin</button>
        </div>
      </form>
    </dialog>
  );
}
