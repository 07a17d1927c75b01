/** The countries of the world as the browser knows them, so that no list has to be sent along. */

/**
 * What has a name and is no country of ISO 3166-1: exceptional reservations, groups and pseudo-regions of CLDR; then codes that are
 * no longer used, which WebKit names as well.
 */
const NO_COUNTRIES = "AC CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ " + "AN BU CS DD DY FX HV NH RH SU TP UK VD YD YU ZR";

/** Codes with their names in a language, in its order. */
export function countries(language: string): { value: string; label: string }[] {
  const names = new Intl.DisplayNames([language, "en"], { type: "region", fallback: "none" });
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  return letters
    .flatMap((first) => letters.map((second) => first + second))
    .filter((code) => !NO_COUNTRIES.includes(code))
    .flatMap((value) => {
      const label = names.of(value);
      return label ? [{ value, label }] : [];
    })
    .sort((one, other) => one.label.localeCompare(other.label, language));
}
