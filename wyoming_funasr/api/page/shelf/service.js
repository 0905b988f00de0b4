/** The page of the speech-to-text service. */

import { find } from "./elements.js";
import { addChinese } from "./words.js";
import { zh } from "./service.zh.js";

find("#title").dataset.t = "Speech to text";
addChinese(zh);
document.title = "Speech to text";

await Promise.all(["listening", "upload", "timeline", "home"].map((name) => import(`./${name}.js`)));
