/** One client for each server and key of a page, so that several elements make one visit. */

import { createDripClient, type DripClient } from "./client.ts";

const clients = new Map<string, DripClient>();

export function sharedClient(endpoint: string, key: string): DripClient {
  const made = createDripClient({ endpoint, key });
  const id = `${made.endpoint}|${key}`;
  const client = clients.get(id) ?? made;
  clients.set(id, client);
  return client;
}
