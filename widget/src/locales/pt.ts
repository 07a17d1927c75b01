import type { Words } from "../language.ts";

export default {} as Words;
