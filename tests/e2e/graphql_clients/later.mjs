// Asks for what is deferred and streamed with Apollo Client, by either form of parts that it speaks, and with
// urql, and tells on one line of JSON each state that a page would have shown. Arguments: the address, a token.
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client/core';
import { Defer20220824Handler, GraphQL17Alpha9Handler } from '@apollo/client/incremental';
import { Client, cacheExchange, fetchExchange } from '@urql/core';

const [uri, token] = process.argv.slice(2);
const headers = { authorization: `Bearer ${token}` };
const DEFERRED = gql`
  query Deferred {
    viewer { kind }
    ...Keys @defer
  }
  fragment Keys on Query { attributeDefinitions(first: 2) { edges { node { id key } } } }
`;
const STREAMED = gql`
  query Streamed { attributeDefinitions(first: 4) { edges @stream(initialCount: 1) { node { id key } } } }
`;
const keys = (data) => (data?.attributeDefinitions?.edges ?? []).map((each) => each.node.key);
const told = (data) => ({ kind: data?.viewer?.kind, keys: keys(data) });

function apollo(query, incrementalHandler) {
  const link = new HttpLink({ uri, headers });
  const client = new ApolloClient({ link, cache: new InMemoryCache(), incrementalHandler });
  const states = [];
  return new Promise((resolve, reject) => {
    client.watchQuery({ query }).subscribe({
      next: ({ data, networkStatus, error, dataState }) => {
        if (error) reject(error);
        if (data) states.push({ ...told(data), state: dataState });
        if (networkStatus === 7) resolve(states);
      },
      error: reject,
    });
  });
}

function urql(query) {
  const client = new Client({ url: uri, fetchOptions: { headers }, exchanges: [cacheExchange, fetchExchange] });
  const states = [];
  return new Promise((resolve, reject) => {
    client.query(query, {}).subscribe(({ data, error, hasNext }) => {
      if (error) reject(error);
      states.push({ ...told(data), state: hasNext ? 'streaming' : 'complete' });
      if (!hasNext) resolve(states);
    });
  });
}

const results = {};
for (const [name, query] of [['deferred', DEFERRED], ['streamed', STREAMED]]) {
  results[`apollo by id, ${name}`] = await apollo(query, new GraphQL17Alpha9Handler());
  results[`apollo by path, ${name}`] = await apollo(query, new Defer20220824Handler());
  results[`urql, ${name}`] = await urql(query);
}
console.log(JSON.stringify(results));
