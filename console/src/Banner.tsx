// Seen from the other end of the room: whoever acts for a customer must not forget it.
import { useEffect, useState } from "react";
import { Said, stopActing, type Acting } from "./session";

const SECOND = 1_000;

export function Banner({ acting }: { acting: Acting }) {
  const [left, setLeft] = useState(() => until(acting));
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    const ticking = setInterval(() => setLeft(until(acting)), SECOND);
    return () => clearInterval(ticking);
  }, [acting]);
  useEffect(() => {
    if (left <= 0) location.reload();
  }, [left]);
  const end = () =>
    stopActing().then(
      () => location.reload(),
      (error: unknown) => setTrouble(error instanceof Said ? error.message : "It could not be ended: try again."),
    );
  return (
    <header className="banner" role="alert">
      <strong>{acting.mayWrite ? "You act for a customer: what you change is theirs" : "You look as a customer"}</strong>
      <span className="who">
        <code>{acting.customerId}</code> <q>{acting.reason}</q>
      </span>
      <span className="left" aria-label="time left">
        {clock(left)}
      </span>
      <button onClick={() => void end()}>End now</button>
      {trouble && <em>{trouble}</em>}
    </header>
  );
}

function until(acting: Acting): number {
  return Math.max(0, Math.floor((Date.parse(acting.until) - Date.now()) / SECOND));
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
