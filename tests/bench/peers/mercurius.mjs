// Fastify with mercurius: `node mercurius.mjs MONGODB_URL DATABASE PORT RECORDING`.

import Fastify from "fastify";
import mercurius from "mercurius";
import { isReady, listenOn, personOf, resolvers, schema } from "./story.mjs";

const app = Fastify();
app.register(mercurius, { schema, resolvers, jit: 1, context: (request) => ({ person: personOf(request.headers) }) });
app.get("/readyz", async () => {
  await isReady();
  return "";
});
await app.listen(listenOn);
