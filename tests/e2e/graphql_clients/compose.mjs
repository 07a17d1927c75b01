// Composes the schema in the file given with a subgraph that adds to a profile what somebody bought, as
// Apollo's gateways do, and prints on one line of JSON the errors and hints, and the fields of a profile.
import { readFileSync } from 'node:fs';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';

const shop = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
  type Profile @key(fields: "id") { id: ID! orders: [Order!]! }
  type Order { number: String! }
`;
const { errors, hints, schema } = composeServices([
  { name: 'acquaint', url: 'http://127.0.0.1', typeDefs: parse(readFileSync(process.argv[2], 'utf8')) },
  { name: 'shop', url: 'http://127.0.0.1', typeDefs: parse(shop) },
]);
const profile = schema?.type('Profile');
console.log(
  JSON.stringify({
    errors: (errors ?? []).map((each) => each.message),
    hints: (hints ?? []).map((each) => each.message),
    fields: profile ? profile.fields().map((each) => each.name) : [],
  }),
);
