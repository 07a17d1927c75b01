// What an app of Apollo's sends; built into a manifest of persisted queries.
import { gql } from '@apollo/client';

export const KIND = gql`
  query WhoAmI {
    viewer {
      ...Kind
    }
  }
  fragment Kind on Viewer {
    kind
  }
`;
