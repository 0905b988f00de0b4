/** What every service's page shows. */

import "./status.js";
import "./requests.js";
import "./settings.js";
