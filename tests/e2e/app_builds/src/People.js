// A list of people as an app of Relay's would show it: read page by page, each row refetched by its id.
import { graphql } from 'relay-runtime';

export const query = graphql`
  query PeopleQuery($count: Int!, $after: String, $id: ID!) {
    viewer {
      kind
    }
    ...People_list @arguments(count: $count, after: $after)
    node(id: $id) {
      ... on Profile {
        traits
      }
    }
  }
`;

export const list = graphql`
  fragment People_list on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, after: { type: "String" })
  @refetchable(queryName: "PeoplePaginationQuery") {
    profiles(first: $count, after: $after) @connection(key: "People_profiles") {
      edges {
        cursor
        node {
          id
          ...PeopleRow_profile
        }
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`;

export const row = graphql`
  fragment PeopleRow_profile on Profile @refetchable(queryName: "PeopleRowRefetchQuery") {
    id
    attributes(keys: ["name"]) {
      key
      value
    }
  }
`;
