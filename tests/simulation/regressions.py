"""Seeds that once found a fault, and what it was; they stay even where the dice of later versions fall otherwise."""

FOUND: dict[int, str] = {
    174: "the simulation: a client was still asked for keys that a process had forgotten right before it died",
    216: "the simulation: a hard decline that was captured later no longer counted as the reason of a suspension",
    229: "the simulation: the same, with a case that had been given up",
    456: "the simulation: a clock that was still on its way when the faults ended was taken for one without rest",
    249: "the simulation: a first payment that came after its period was taken for a clock that skipped a renewal",
    3: "a change in a trial into a plan that another subscription of the customer has was an error, not a refusal",
    346: "the simulation: what gives a late change back is a credit note by now",
}
