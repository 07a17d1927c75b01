import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";

const { endpoint = "", siteKey = "" } = document.body.dataset;
createRoot(document.body.appendChild(document.createElement("div"))).render(<App endpoint={endpoint} siteKey={siteKey} />);
