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

# Lives of many steps, with their number of them: too long for the suite, which has a test of its own for what was the
# house's. ``LONG=1 pytest tests/simulation/test_simulation.py -k long`` runs them.
FOUND_LONG: dict[tuple[int, int], str] = {
    (5001, 1000): "the loss of a dispute that a look had found won since then was a dead event",
    (6002, 1000): "the same",
    (7, 400): "the simulation: what drafts will bill counted as short of a commitment",
    (6003, 1000): "the simulation: the same",
    (6006, 1000): "the simulation: no worker looked for days while the provider was to be told to take nothing",
    (6012, 1000): "the simulation: a transfer that staff recorded after its invoice was void was taken for a charge",
    (6013, 1000): "the simulation: a weekly plan that was kept from renewing for years was taken for work without end",
    (6020, 1000): "the simulation: a trial that was taken and never began was planted as a fault",
    (6023, 1000): "the simulation: a charge that came after a suspension counted among those that had led to it",
    (6024, 1000): "the simulation: the parts of a posting were expected in the order in which they were found",
    (6030, 1000): "the simulation: a renewal before an anchor of today was held to no calendar",
    (
        6038,
        1000,
    ): "a change that was paid after its own cycle, within the longer one it left, took effect afterwards",
    (6040, 1000): "a doubt about a payment stayed open where the payment ended by what was asked of it since",
    (6107, 1000): "the simulation: what a saga had done in time and a late event did once more followed from nothing",
    (6104, 1000): "the simulation: a change on account was void with its subscription before it was heard of",
    (10025, 1000): "the simulation: a part that failed and was captured after all was told of once more, from nothing",
    (10038, 1000): "an overdue renewal into a family that its plan moved to only after the term began was an error",
    (10007, 1000): "the simulation: renewals of two weeks' plans that recovered one after the other were never at rest",
    (10148, 1000): "the simulation: nobody decided on a payment that the provider was asked about in vain",
    (10362, 1000): "a first invoice on account that fell overdue before it was heard of ended nothing",
    (10167, 1000): "the simulation: a decline on another invoice was no end for one whose attempt was never heard of",
    (10168, 1000): "the simulation: a draft that replaced a change gave back what a credit note had given back since",
    (10290, 120): "a decline from before the charge that staff confirmed was a dead event and an exception",
    (10270, 1000): "a case of a subscription that paused neither took its access nor ended it",
    (6061, 1000): "the simulation: time hardly passed while the provider was silent and a payment to be barred",
}
