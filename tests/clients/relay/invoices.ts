// What a Relay frontend writes; the compiler holds nodes, connections and ids to Relay's rules.
import { graphql } from "relay-runtime";

export const page = graphql`
  query invoicesQuery($first: Int!) {
    viewer {
      customer {
        id
        ...invoicesList_customer @arguments(first: $first)
      }
    }
  }
`;

export const list = graphql`
  fragment invoicesList_customer on Customer
  @argumentDefinitions(first: { type: "Int!" }, after: { type: "String" })
  @refetchable(queryName: "invoicesPageQuery") {
    invoices(first: $first, after: $after) @connection(key: "invoicesList_customer_invoices") {
      edges {
        node {
          id
          ...invoicesRow_invoice
        }
      }
    }
  }
`;

export const row = graphql`
  fragment invoicesRow_invoice on Invoice @refetchable(queryName: "invoicesRowQuery") {
    number
    state
    total {
      decimal
      currency
    }
  }
`;

export const cancel = graphql`
  mutation invoicesCancelMutation($input: CancelSubscriptionInput!) {
    cancelSubscription(input: $input) {
      subscription {
        id
        state
      }
      errors {
        __typename
        ... on UserError {
          code
          message
        }
      }
    }
  }
`;
