import { mount } from "svelte";
import App from "./App.svelte";

const { endpoint = "", siteKey = "" } = document.body.dataset;
mount(App, { target: document.body, props: { endpoint, siteKey } });
