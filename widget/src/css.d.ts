/** A style sheet is imported as its text; build.mjs shortens it. */

declare module "*.css" {
  const css: string;
  export default css;
}
