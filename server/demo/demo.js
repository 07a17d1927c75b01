/** The demo page's own script: an ordinary front end beside the widget. It shows what is known, and by whom. */

const PROFILE = `{ viewer { profile {
  id isIdentified visits logins
  attributes { key label value source { kind label } observedAt definition { options { value label } } }
  enrichments { enricher { name } state reason { message } }
} } }`;
const WORKING = new Set(["QUEUED", "RUNNING", "RETRY_SCHEDULED"]);
const AFTER_SIGN_IN_MS = [300, 700, 1500, 3000, 6000]; // look-ups run in the background; look again a few times

const element = document.querySelector("drip-question");
const find = (id) => document.getElementById(id);
const seen = new Map();
let lookingAgain = [];
let hasFailed = false;

find("here").textContent = location.origin;
find("sign-in").addEventListener("click", ({ currentTarget }) => element.signIn(currentTarget.dataset.provider));
find("sign-out").addEventListener("click", () => { seen.clear(); element.signOut(); });
element.addEventListener("drip:profile", () => showSoonAndLater());
element.addEventListener("drip:done", ({ detail }) => rest(detail.state));
element.addEventListener("drip:shown", () => say(""));
element.addEventListener("drip:error", ({ detail }) => {
  hasFailed = detail.code === "SIGN_IN_FAILED";
  if (hasFailed) say("You are not signed in.");
});

function rest(state) {
  if (!hasFailed) { // else a visit begins all the same, and what went wrong is worth more words than that
    say(state === "DONE"
      ? "Nothing left to ask: everything the questions are about is known."
      : "Nothing to ask for now: the next sign-in brings the next question.");
  }
  hasFailed = false;
}

function say(text) {
  find("quiet").textContent = text;
  find("quiet").hidden = !text;
}

function showSoonAndLater() {
  lookingAgain.forEach(clearTimeout);
  lookingAgain = AFTER_SIGN_IN_MS.map((delay) => setTimeout(show, delay));
  show();
}

async function show() {
  const answered = await element.client.request(PROFILE).catch(() => null); // the widget tells of its errors itself
  const profile = answered?.viewer.profile;
  if (!profile) return;
  showPerson(profile);
  showAttributes(profile.attributes);
  find("enrichments").replaceChildren(...profile.enrichments.map(enrichmentRow));
  if (!profile.enrichments.some(({ state }) => WORKING.has(state)) && profile.enrichments.length) {
    lookingAgain.forEach(clearTimeout);
  }
}

function showPerson(profile) {
  const name = profile.attributes.find(({ key }) => key === "name")?.value;
  const picture = profile.attributes.find(({ key }) => key === "picture")?.value;
  find("picture").hidden = !picture;
  if (picture) find("picture").src = picture;
  find("who").textContent = profile.isIdentified ? `Hello, ${name ?? "you"}` : "Nobody has introduced themselves yet.";
  find("sign-in").hidden = profile.isIdentified;
  find("sign-out").hidden = !profile.isIdentified;
  find("counts").textContent = `Visit ${profile.visits}, sign-in ${profile.logins}`;
}

function showAttributes(attributes) {
  find("empty").hidden = attributes.length > 0;
  const newestFirst = attributes.filter(({ key }) => key !== "picture").toSorted((a, b) => b.observedAt.localeCompare(a.observedAt));
  find("attributes").replaceChildren(...newestFirst.map((attribute) => {
    const text = JSON.stringify(attribute.value);
    const isFresh = seen.get(attribute.key) !== text;
    seen.set(attribute.key, text);
    return attributeRow(attribute, isFresh);
  }));
}

function attributeRow({ label, value, source, observedAt, definition }, isFresh) {
  const words = [value].flat().map((each) => definition.options.find((option) => option.value === each)?.label ?? String(each));
  const row = document.createElement("li");
  row.classList.toggle("fresh", isFresh);
  row.append(
    cell("label", label),
    cell("value", words.join(", ")),
    cell("source", `${source.kind === "PERSON" ? "you said so" : source.label}, ${new Date(observedAt).toLocaleTimeString()}`),
  );
  row.lastElementChild.dataset.kind = source.kind;
  return row;
}

function enrichmentRow({ enricher, state, reason }) {
  const row = document.createElement("li");
  row.append(cell("name", `${enricher.name}: `), cell("state", state.replaceAll("_", " ")));
  if (reason) row.append(` ${reason.message}`);
  return row;
}

function cell(name, text) {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}
