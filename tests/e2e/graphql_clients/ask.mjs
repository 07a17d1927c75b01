// Asks what the viewer is with Apollo Client and urql, each with its defaults and with automatic persisted
// queries, and tells on one line of JSON what came back. Arguments: the address, a bearer token.
import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client/core';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { Client, cacheExchange, fetchExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';

const [uri, token] = process.argv.slice(2);
const headers = { authorization: `Bearer ${token}` };
const KIND = gql`query Kind { viewer { kind } }`;
const SIGN_OUT = gql`mutation SignOut { signOut { __typename } }`;
const WRONG = gql`query Wrong { nothing }`;
const sent = [];
const counting = (url, options = {}) => {
  sent.push(options.method ?? 'GET');
  return fetch(url, options);
};
const since = (start) => sent.slice(start).join(' ');

const http = new HttpLink({ uri, headers, fetch: counting });
const hashing = new PersistedQueryLink({
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
  useGETForHashedQueries: true,
});
const results = {};

async function apollo(name, link) {
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const start = sent.length;
  const read = await client.query({ query: KIND });
  const again = await client.query({ query: KIND, fetchPolicy: 'network-only' });
  const written = await client.mutate({ mutation: SIGN_OUT });
  const refused = await client.query({ query: WRONG, errorPolicy: 'all' });
  results[name] = {
    kind: read.data.viewer.kind,
    again: again.data.viewer.kind,
    wrote: written.data.signOut.__typename,
    refused: refused.error?.message,
    sent: since(start),
  };
}

async function urql(name, exchanges) {
  const client = new Client({ url: uri, fetchOptions: { headers }, fetch: counting, exchanges });
  const start = sent.length;
  const read = await client.query(KIND, {});
  const again = await client.query(KIND, {}, { requestPolicy: 'network-only' });
  const written = await client.mutation(SIGN_OUT, {});
  const refused = await client.query(WRONG, {});
  results[name] = {
    kind: read.data?.viewer.kind ?? read.error?.message,
    again: again.data?.viewer.kind,
    wrote: written.data?.signOut.__typename,
    refused: refused.error?.graphQLErrors[0]?.message,
    sent: since(start),
  };
}

await apollo('apollo', http);
await apollo('apollo persisted', ApolloLink.from([hashing, http]));
await urql('urql', [cacheExchange, fetchExchange]);
await urql('urql persisted', [cacheExchange, persistedExchange({ enableForMutation: true }), fetchExchange]);
console.log(JSON.stringify(results));
