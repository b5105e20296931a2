"""Seeds that once found a fault, and what it was; they stay even where the dice of later versions fall otherwise."""

FOUND: dict[int, str] = {
    174: "the simulation: a client was still asked for keys that a process had forgotten right before it died",
    216: "the simulation: a hard decline that was captured later no longer counted as the reason of a suspension",
    229: "the simulation: the same, with a case that had been given up",
    456: "the simulation: a clock that was still on its way when the faults ended was taken for one without rest",
    249: "the simulation: a first payment that came after its period was taken for a clock that skipped a renewal",
    3: "a change in a trial into a plan that another subscription of the customer has was an error, not a refusal",
    346: "the simulation: what gives a late change back is a credit note by now",
    14: "staff could give up the invoice that a change waited for, which then waited for ever",
    15: "staff could give up a first invoice, and the subscription expired although it was paid after that",
    19: "who left after a downtime did not owe the periods that were over and still in drafts",
    24: "taking back what a subscription that had ended once planned took its plan family again, for ever",
    17: "the simulation: a case that is over because staff gave its invoice up has not come to its day",
    39: "the simulation: of a first invoice that is voided with its subscription nothing is unused",
    102: "the simulation: a price version that was published after a renewal was expected in it",
    2005: "the simulation: unused time whose refund needs another person is credit, and was expected as a refund",
    2072: "the simulation: a refund of a transfer names an account, and was refused for want of one",
}
