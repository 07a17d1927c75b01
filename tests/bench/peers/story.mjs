// What both peers share: the widget's part of the schema, and resolvers that repeat the statements of a
// recorded request. Who asks stands in a header: no token is checked, no rule is asked.

import { readFileSync } from "node:fs";
import { BSON, MongoClient } from "mongodb";

const [url, name, port, recording] = process.argv.slice(2);
const { statements, body } = BSON.EJSON.parse(readFileSync(recording, "utf8"), { relaxed: false });
const answer = JSON.parse(body).data;
const client = new MongoClient(url, { appName: "acquaint", maxPoolSize: 100 });
const database = client.db(name, { writeConcern: { w: "majority", j: true, wtimeoutMS: 10_000 } });

export const listenOn = { host: "127.0.0.1", port: Number(port) };
export const schema = readFileSync(new URL("schema.graphql", import.meta.url), "utf8");
export const personOf = (headers) => headers["x-person"];

async function repeat(person) {
  for (const { collection, query, fields, update } of statements) {
    const found = update
      ? await database.collection(collection).findOneAndUpdate({ ...query, _id: person }, update, {
          projection: fields ?? undefined,
          returnDocument: "after",
        })
      : await database.collection(collection).findOne({ ...query, _id: person }, { projection: fields ?? undefined });
    if (found === null) throw new Error(`There is nobody ${person}.`);
  }
}

async function told(field, person) {
  await repeat(person);
  return answer[field];
}

export const resolvers = {
  Query: { nextQuestion: (_, __, context) => told("nextQuestion", context.person) },
  Mutation: { answerQuestion: (_, __, context) => told("answerQuestion", context.person) },
};

export async function isReady() {
  await database.command({ ping: 1 });
}
