/** What a person reads beside the kinds that come with parts of their own, in English. */

export const CONFIRM_TEXTS = {
  right: "Yes, that is right",
  wrong: "No, that is wrong",
  edit: "No, it should be",
};

export const RANKING_TEXTS = {
  up: "Move {0} up",
  down: "Move {0} down",
  place: "{0}: place {1} of {2}",
};

export const SCALE_TEXTS = {
  unlikely: "Not at all likely",
  likely: "Extremely likely",
};

export const ADDRESS_TEXTS = {
  street_address: "Street and number",
  postal_code: "Postcode",
  locality: "Town or city",
  region: "Region or state",
  country: "Country",
};

export type KindTexts = Record<
  keyof typeof CONFIRM_TEXTS | keyof typeof RANKING_TEXTS | keyof typeof SCALE_TEXTS | keyof typeof ADDRESS_TEXTS,
  string
>;
