import "@acquaint/widget";
import type { DripEventMap, DripQuestionElement } from "@acquaint/widget";
import { Component, CUSTOM_ELEMENTS_SCHEMA, Directive, ElementRef, inject, input, output, signal } from "@angular/core";

/** Angular takes what stands before a colon for a target such as `window`, so its templates cannot name our events. */
@Directive({ selector: "drip-question" })
export class DripQuestion {
  readonly answered = output<DripEventMap["drip:answered"]>();

  constructor() {
    const { nativeElement } = inject<ElementRef<DripQuestionElement>>(ElementRef);
    nativeElement.addEventListener("drip:answered", (event) => this.answered.emit(event));
  }
}

@Component({
  selector: "app-root",
  imports: [DripQuestion],
  schemas: [CUSTOM_ELEMENTS_SCHEMA],
  template: `
    <main>
      <drip-question [attr.key]="siteKey()" [attr.endpoint]="endpoint()" placement="home" token-url="/drip-token" (answered)="keep($event)" />
      <output>{{ answer() }}</output>
    </main>
  `,
})
export class AppComponent {
  readonly endpoint = input.required<string>();
  readonly siteKey = input.required<string>();
  readonly answer = signal("");

  keep({ detail }: DripEventMap["drip:answered"]): void {
    this.answer.set(`${detail.ask.question.key}: ${String(detail.value)}`);
  }
}
