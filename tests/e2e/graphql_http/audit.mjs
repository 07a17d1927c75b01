// Runs every audit of graphql-http against the address given, and prints one JSON object a line.
import { serverAudits } from 'graphql-http';

for (const audit of serverAudits({ url: process.argv[2], fetchFn: fetch })) {
  const { id, name } = audit;
  const result = await audit.fn();
  console.log(JSON.stringify({ id, name, status: result.status, reason: result.reason }));
}
