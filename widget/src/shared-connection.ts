/** One connection for each server and key of a page, so that several elements make one visit. */

import { Connection } from "./connection.ts";

const connections = new Map<string, Connection>();

export function sharedConnection(endpoint: string, key: string): Connection {
  const id = `${endpoint} ${key}`;
  const connection = connections.get(id) ?? new Connection({ endpoint, key });
  connections.set(id, connection);
  return connection;
}
