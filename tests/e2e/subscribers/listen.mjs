// Listens to profilesChanged as an app does, with the client of its transport, and goes on where it left off.
// node listen.mjs '{"client": "graphql-ws", "url": "http://127.0.0.1:8000/graphql", "token": "sk_…", "query": "…"}'
// prints each event on a line of its own. Told `drop` it loses its connection, and told `go` it may try again:
// what it asks for is then the same but for `after`, which it sets to the cursor of the last event it heard.
import readline from 'node:readline';
import { createClient as createEvents } from 'graphql-sse';
import { createClient as createSocket } from 'graphql-ws';
import WebSocket from 'ws';

const { client: name, url, token, query } = JSON.parse(process.argv[2]);
const headers = { authorization: `Bearer ${token}` };
const request = { query, variables: { after: null } };
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

let drop = () => {};
let go = () => {};
const allowed = () => new Promise((resolve) => {
  go = resolve;
  print({ dropped: true });
});

function socketClient() {
  return createSocket({
    url: url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: headers,
    retryWait: allowed,
    on: { opened: (socket) => { drop = () => socket.terminate(); } },
  });
}

function eventsClient() {
  return createEvents({
    url,
    headers,
    retry: allowed,
    fetchFn: (to, init) => {
      const line = new AbortController();
      drop = () => line.abort(new TypeError('the line was cut'));
      return fetch(to, { ...init, signal: line.signal });
    },
  });
}

const client = name === 'graphql-ws' ? socketClient() : eventsClient();
client.subscribe(request, {
  next: ({ data, errors }) => {
    if (data) request.variables.after = data.profilesChanged.cursor;
    print({ event: data?.profilesChanged ?? null, errors });
  },
  error: (error) => print({ failed: [error].flat().map((each) => each.message ?? each.reason ?? `${each}`) }),
  complete: () => process.exit(0),
});

readline.createInterface({ input: process.stdin })
  .on('line', (line) => (line === 'drop' ? drop() : go()))
  .on('close', () => process.exit(0));
