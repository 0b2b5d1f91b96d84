// The one place that names the template library, whose version is in its path.
export {html, nothing, render} from "../vendor/lit-html-3.3.3/lit-html.js";
export {live} from "../vendor/lit-html-3.3.3/directives/live.js";
export {repeat} from "../vendor/lit-html-3.3.3/directives/repeat.js";
