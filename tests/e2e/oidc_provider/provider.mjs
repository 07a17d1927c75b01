// A certified OpenID provider for the tests of sign-in, on loopback, with accounts made up for it.
// node provider.mjs '{"port": 0, "redirectUris": ["http://127.0.0.1:8000/auth/certified/callback"]}'
// prints its issuer on one line when it is ready and ends with its standard input.
import http from 'node:http';
import { Provider } from 'oidc-provider';

const { port, redirectUris } = JSON.parse(process.argv[2]);

const ACCOUNTS = {
  alice: {
    email: 'alice@wonderland.example', email_verified: true, name: 'Alice Liddell', given_name: 'Alice',
    family_name: 'Liddell', picture: 'https://img.example.com/alice.png', locale: 'en-GB',
    zoneinfo: 'Europe/London', company: 'Wonderland Ltd',
  },
  // The same address as Alice's, which nobody has confirmed to be hers.
  mallory: { email: 'alice@wonderland.example', email_verified: false, name: 'Mallory' },
  nemo: { name: 'Nemo' },
};

const FORM = `<!doctype html><title>Test provider</title>
<form method="post"><label>Account <input name="login" value="alice"></label>
<button type="submit">Sign in</button><button type="submit" name="deny" value="1">Deny</button></form>`;

const server = http.createServer();
await new Promise((listening) => { server.listen(port, '127.0.0.1', listening); });
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'acquaint', client_secret: 'a-secret-of-the-tests-0123456789ab', redirect_uris: redirectUris,
    response_types: ['code'], grant_types: ['authorization_code'],
  }],
  scopes: ['openid', 'profile', 'email', 'company'],
  // `conformIdTokenClaims` stays on, as certified: everything but `sub` is at the userinfo endpoint alone.
  claims: {
    openid: ['sub'], email: ['email', 'email_verified'], company: ['company'],
    profile: ['name', 'given_name', 'family_name', 'picture', 'locale', 'zoneinfo'],
  },
  findAccount: (_, sub) => ACCOUNTS[sub] && { accountId: sub, claims: () => ({ sub, ...ACCOUNTS[sub] }) },
  pkce: { required: () => true },
  cookies: { keys: ['made-up'] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  renderError: (ctx, out) => { ctx.type = 'text'; ctx.body = JSON.stringify(out); },
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
});

async function form(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return new URLSearchParams(text);
}

async function conclude(request, response) {
  const answers = await form(request);
  if (answers.has('deny')) {
    return provider.interactionFinished(request, response, { error: 'access_denied' });
  }
  const { params } = await provider.interactionDetails(request, response);
  const accountId = answers.get('login');
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(request, response, { login: { accountId, remember: false }, consent });
}

const answerProtocol = provider.callback();
server.on('request', async (request, response) => {
  if (!request.url.startsWith('/interaction/')) return answerProtocol(request, response);
  if (request.method === 'POST') return conclude(request, response);
  return response.writeHead(200, { 'content-type': 'text/html' }).end(FORM);
});

process.stdin.resume().on('end', () => process.exit());
console.log(issuer);
