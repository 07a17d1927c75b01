/** Every word of our own that a person reads. Questions bring their words along. */

export const TEXTS = {
  save: "Save",
  skip: "Not now",
  yes: "Yes",
  no: "No",
  pick: "Choose …",
  saved: "Saved.",
  thanks: "Thank you.",
  skipped: "All right, another time.",
  failed: "This could not be saved just now. Please try again.",

  emptyText: "Please write an answer.",
  emptyNumber: "Please write a number.",
  emptyDate: "Please enter a full date.",
  emptyChoice: "Please choose one.",
  tooShort: (least: number) => `Please write at least ${counted(least, "character")}.`,
  tooLong: (most: number, written: number) => `Please write at most ${counted(most, "character")}; this is ${written}.`,
  tooSmall: (least: number) => `Please write ${least} or more.`,
  tooLarge: (most: number) => `Please write ${most} or less.`,
  tooFew: (least: number) => `Please choose at least ${least}.`,
  tooMany: (most: number) => `Please choose at most ${most}.`,

  chooseExactly: (count: number) => `Choose ${count}.`,
  chooseBetween: (least: number, most: number) => `Choose ${least} to ${most}.`,
  chooseUpTo: (most: number) => `Choose up to ${most}.`,
  chooseAtLeast: (least: number) => `Choose at least ${least}.`,
  chooseAny: "Choose all that apply.",
};

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
