// GraphQL Yoga on Node's own server: `node yoga.mjs MONGODB_URL DATABASE PORT RECORDING`.

import { createServer } from "node:http";
import { createSchema, createYoga } from "graphql-yoga";
import { isReady, listenOn, personOf, resolvers, schema } from "./story.mjs";

const yoga = createYoga({
  schema: createSchema({ typeDefs: schema, resolvers }),
  context: ({ req }) => ({ person: personOf(req.headers) }),
  graphiql: false,
  landingPage: false,
  logging: false,
});
createServer(async (request, response) => {
  if (request.url !== "/readyz") return yoga(request, response);
  await isReady();
  response.end();
}).listen(listenOn.port, listenOn.host);
