// What a frontend writes against the generated types; that it compiles is half of what is tested.
import { read } from "../generated/fragment-masking.js";
import type { FragmentType } from "../generated/fragment-masking.js";
import { AmountFragmentDoc } from "../generated/graphql.js";
import type { CancelMutation, StartMutation } from "../generated/graphql.js";

export type Amount = FragmentType<typeof AmountFragmentDoc>;

/** Minor units are 64 bits and come as text: a number would lose the last digits of a large one. */
export function minorUnits(amount: Amount): bigint {
  const { minorUnits } = read(AmountFragmentDoc, amount);
  const text: string = minorUnits;
  return BigInt(text);
}

export function shown(amount: Amount): string {
  const { decimal, currency } = read(AmountFragmentDoc, amount);
  return `${decimal} ${currency}`;
}

type Refused = StartMutation["startSubscription"]["errors"][number] | CancelMutation["cancelSubscription"]["errors"][number];

/** What to do about a refusal; a member of the union that is not handled here does not compile. */
export function advice(refused: Refused): "wait" | "mend" | "tell" {
  switch (refused.__typename) {
    case "TryAgainError":
      return "wait";
    case "InputError":
    case "IdempotencyError":
      return "mend";
    default: {
      const code: string = refused.code;
      return code ? "tell" : "wait";
    }
  }
}
