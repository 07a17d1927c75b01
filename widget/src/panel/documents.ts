/** What the panel and the meter read and write, as the person. */

export const PROFILE = `query($language: String) { viewer { profile {
  attributes { key label(language: $language) value observedAt source { kind label }
    definition { type personAccess purpose options { value label(language: $language) } } }
  consents { purpose { key name text textVersion } isAllowed }
  enrichments { enricher { key name purpose } }
} } }`;

export const CORRECT = `mutation($key: String!, $value: JSON) {
  result: correctAttribute(input: { key: $key, value: $value }) { __typename ... on UserError { message } } }`;

export const CONSENT = `mutation($purpose: String!, $state: ConsentState!, $textVersion: Int) {
  result: recordConsent(input: { purpose: $purpose, state: $state, textVersion: $textVersion }) {
    __typename ... on UserError { message } } }`;

export const EXPORT = `mutation { result: exportPerson(input: {}) {
  __typename ... on PrivacyRequestSuccess { request { id } } ... on UserError { message } } }`;

export const ERASE = `mutation { result: erasePerson(input: {}) { __typename ... on UserError { message } } }`;

export const ARCHIVE = `query($id: ID!) { node(id: $id) { ... on PrivacyRequest { state downloadUrl } } }`;

export const MEASURE = `query { viewer { profile { attributes { key } } }
  attributeDefinitions(first: 100) { edges { node { key personAccess } } } }`;

export interface KnownAttribute {
  key: string;
  label: string;
  value: unknown;
  observedAt: string;
  source: { kind: string; label: string };
  definition: { type: string; personAccess: string; purpose: string | null; options: { value: string; label: string }[] };
}

export interface KnownProfile {
  attributes: KnownAttribute[];
  consents: { purpose: { key: string; name: string; text: string; textVersion: number }; isAllowed: boolean }[];
  enrichments: { enricher: { key: string; name: string; purpose: string | null } }[];
}
