/** The page of the text-to-speech service. */

import { find } from "./elements.js";
import { addChinese } from "./words.js";
import { zh } from "./service.zh.js";

find("#title").dataset.t = "Text to speech";
addChinese(zh);
document.title = "Text to speech";

await Promise.all(["speaking", "reading", "voices"].map((name) => import(`./${name}.js`)));
