/** What people fill in everywhere their browser fills in: tokens of HTML's autofill for the usual keys of questions. */

const SAME = /^(name|nickname|email|country|language|organization|given-name|family-name|street-address|postal-code)$/;
const OTHERS: [RegExp, string][] = [
  [/^(company|employer)(-name)?$/, "organization"],
  [/^job-(title|role)$/, "organization-title"],
  [/^(birthday|birthdate|date-of-birth)$/, "bday"],
  [/^(city|town|locality)$/, "address-level2"],
  [/^(website|homepage)$/, "url"],
];

/** The token for a question's key; undefined for what browsers know nothing of. */
export function tokenFor(key: string): string | undefined {
  const name = key.toLowerCase().replace(/_/g, "-");
  return SAME.test(name) ? name : OTHERS.find(([pattern]) => pattern.test(name))?.[1];
}
