import { createApp } from "vue";
import App from "./App.vue";

const { endpoint = "", siteKey = "" } = document.body.dataset;
createApp(App, { endpoint, siteKey }).mount(document.body.appendChild(document.createElement("div")));
