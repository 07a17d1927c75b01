/** What a person reads once they answer, in English: it comes with the part of the widget that takes answers. */

export const MESSAGES = {
  saved: "Saved.",
  thanks: "Thank you.",
  skipped: "All right, another time.",
  declined: "That is fine. Thank you.",
  kept: "You seem to be offline. Your answer is kept and will be sent.",

  emptyText: "Please write an answer.",
  emptyNumber: "Please write a number.",
  emptyDate: "Please enter a full date.",
  emptyChoice: "Please choose one.",
  emptyAddress: "Please fill in at least one line.",
  badEmail: "Please write an e-mail address, such as ada@example.com.",
  badPhone: "Please write the number with its country code, such as +44 20 7946 0000.",
  badUrl: "Please write a web address, such as https://www.example.com.",
  tooShort: "That is too short: at least {0} characters, please.",
  tooLong: "That is too long: at most {0} characters, please; these are {1}.",
  tooSmall: "Please write {0} or more.",
  tooLarge: "Please write {0} or less.",
  tooFew: "Please choose at least {0}.",
  tooMany: "Please choose at most {0}.",
};

export type Messages = Record<keyof typeof MESSAGES, string>;
