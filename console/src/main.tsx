import "./nonce";
import "./workers";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./console.css";
import "./narrow.css";
import { createRoot } from "react-dom/client";
import { Console } from "./Console";

const place = document.getElementById("console");
if (place) createRoot(place).render(<Console />);
