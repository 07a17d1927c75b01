/**
 * Every document that the widget sends, by a name: what the server trusts where pages may send no others. Never part of
 * what browsers load; the build writes it to dist/documents.json.
 */

import { REPORT_SHOWN } from "./delivery.ts";
import { NEXT, NEXT_QUESTION, RENEW_VIEWER_TOKEN, START_VISIT } from "./documents.ts";
import * as panel from "./panel/documents.ts";
import { ACTS, documentOf } from "./parcels.ts";
import { SIGN_OUT } from "./people.ts";

export const DOCUMENTS: Record<string, string> = {
  START_VISIT,
  RENEW_VIEWER_TOKEN,
  NEXT_QUESTION,
  REPORT_SHOWN,
  SIGN_OUT,
  ...Object.fromEntries(ACTS.map((act) => [act.toUpperCase(), documentOf(act, NEXT)])),
  ...Object.fromEntries(Object.entries(panel).map(([name, text]) => [`PANEL_${name}`, text])),
};
